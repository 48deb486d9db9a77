// Both views of the example as people meet them: in a host built on the official AppBridge, on two origins, in
// Chromium; and the `dev` page. Screenshots go to ARTEFACTS. Every check prints a line; the first that fails ends the run.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import http from "node:http";

import { build, transform } from "esbuild";
import { chromium } from "playwright-core";

const url = setting("MCP_URL"), origin = new URL(url).origin, artefacts = setting("ARTEFACTS");

function setting(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run this by \`cargo xtask test views\``);
  return value;
}

function ok(step, detail = "") {
  console.log(`ok ${step}${detail ? `: ${detail}` : ""}`);
}

function serve(answer) {
  return new Promise((resolve) => {
    const server = http.createServer(answer).listen(0, "127.0.0.1", () => resolve({ server, port: server.address().port }));
  });
}

// ---- a token, as any client gets one ----

async function signIn() {
  let arrive;
  const arrived = new Promise((resolve) => (arrive = resolve));
  const { server, port } = await serve((request, response) => {
    arrive(new URL(request.url, "http://x").searchParams);
    response.end("Done.");
  });
  const redirect_uri = `http://127.0.0.1:${port}/callback`;
  const register = await fetch(`${origin}/register`, {
    method: "POST", headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ client_name: "Views run", redirect_uris: [redirect_uri], token_endpoint_auth_method: "none" }),
  });
  const { client_id } = await register.json();
  const verifier = randomBytes(32).toString("base64url");
  const query = new URLSearchParams({
    response_type: "code", client_id, redirect_uri, scope: "read", state: randomBytes(8).toString("hex"), resource: url,
    code_challenge: createHash("sha256").update(verifier).digest("base64url"), code_challenge_method: "S256",
  });
  spawn(process.execPath, [setting("SIGN_IN"), `${origin}/authorize?${query}`], { stdio: ["ignore", "ignore", "inherit"] });
  const code = (await arrived).get("code");
  server.close();
  server.closeAllConnections();
  const token = await fetch(`${origin}/token`, {
    method: "POST",
    body: new URLSearchParams({ grant_type: "authorization_code", code, redirect_uri, client_id, code_verifier: verifier, resource: url }),
  });
  return (await token.json()).access_token;
}

// ---- the host's two origins ----

/** The content security policy that the specification makes of what a view declares. */
function policy({ connectDomains = [], resourceDomains = [], frameDomains = [], baseUriDomains = [] }, host) {
  const resource = ["'self'", ...resourceDomains].join(" ");
  return [
    "default-src 'none'", `script-src 'unsafe-inline' ${resource}`, `style-src 'unsafe-inline' ${resource}`,
    `img-src data: ${resource}`, `media-src data: ${resource}`, `font-src ${resource}`,
    `connect-src ${["'self'", ...connectDomains].join(" ")}`, `frame-src ${frameDomains.join(" ") || "'none'"}`,
    "object-src 'none'", `base-uri ${baseUriDomains.join(" ") || "'self'"}`, `frame-ancestors ${host}`,
  ].join("; ");
}

const SANDBOX = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="color-scheme" content="light dark"><title>x</title>
<style>html,body{margin:0;height:100%;background:transparent;overflow:hidden}iframe{border:0;width:100%;height:100%;display:block;color-scheme:inherit}</style><body><script>
const inner = document.body.appendChild(document.createElement("iframe"));
inner.title = "view";
addEventListener("message", ({ source, data }) => {
  if (source === inner.contentWindow) return parent.postMessage(data, "*");
  if (source !== parent) return;
  const theme = data.params?.theme ?? data.result?.hostContext?.theme;
  if (theme) document.documentElement.style.colorScheme = theme;
  if (data.method !== "ui/notifications/sandbox-resource-ready") return inner.contentWindow.postMessage(data, "*");
  inner.setAttribute("sandbox", data.params.sandbox);
  inner.srcdoc = data.params.html;
});
parent.postMessage({ jsonrpc: "2.0", method: "ui/notifications/sandbox-proxy-ready", params: {} }, "*");
</script>`;

const bundle = (await build({
  entryPoints: ["host.mjs"], bundle: true, write: false, format: "iife", platform: "browser", target: "es2022",
})).outputFiles[0].text;

const host = await serve((request, response) => {
  const script = request.url === "/host.js";
  response.setHeader("Content-Type", script ? "text/javascript" : "text/html");
  response.end(script ? bundle : "<!doctype html><html lang=en><meta charset=utf-8><title>Host</title><link rel=icon href=data:,><body><script src=/host.js></script>");
});
const hostOrigin = `http://localhost:${host.port}`;
const sandbox = await serve((request, response) => {
  const { searchParams } = new URL(request.url, "http://x");
  response.setHeader("Content-Type", "text/html");
  response.setHeader("Content-Security-Policy", policy(JSON.parse(searchParams.get("csp")), hostOrigin));
  response.end(SANDBOX);
});
const sandboxOrigin = `http://127.0.0.1:${sandbox.port}`;

// ---- the browser ----

async function profile(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 760, height: 760 }, colorScheme: "light", ...options });
  const noted = [];
  await context.addInitScript(() => addEventListener("securitypolicyviolation",
    ({ effectiveDirective, blockedURI }) => console.error(`CSP: ${effectiveDirective} blocked ${blockedURI}`)));
  const page = await context.newPage();
  page.on("console", (message) => {
    // The host's own affairs: its client asks for a stream, its bridge notes its handlers, its sandbox may be relaxed.
    const { url: from } = message.location(), text = message.text();
    const hosts = from.startsWith(hostOrigin) || from === url || text.startsWith("An iframe which has both");
    if (["error", "warning"].includes(message.type()) && !hosts) noted.push(text);
  });
  page.on("pageerror", (error) => noted.push(String(error)));
  page.on("dialog", (dialog) => { noted.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on("request", (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (protocol.startsWith("http") && !["localhost", "127.0.0.1"].includes(hostname)) noted.push(`request to ${hostname}`);
  });
  return { context, page, noted };
}

/** The view's frame, which a browser may announce after the view has spoken. */
async function viewOf(page) {
  for (let tries = 0; tries < 100; tries++) {
    const view = page.frames().find((frame) => frame.url() === "about:srcdoc");
    if (view) return view;
    await page.waitForTimeout(50);
  }
  throw new Error("no view appears");
}

/** Every text of the view against what is behind it (WCAG 2.2 AA); nothing wider than its frame. */
async function checkLook(view, name) {
  const poor = await view.evaluate(() => {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const light = (color) => {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = color;
      canvas.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
      const [x, y, z] = [r, g, b].map((c) => ((c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
      return { a, l: 0.2126 * x + 0.7152 * y + 0.0722 * z };
    };
    const behind = (element) => {
      for (let e = element; e; e = e.parentElement) {
        const color = light(getComputedStyle(e).backgroundColor);
        if (color.a === 255) return color.l;
      }
      return 1;
    };
    return [...document.querySelectorAll("body *")]
      .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()) && e.checkVisibility() && e.tagName !== "SCRIPT")
      .map((e) => {
        const style = getComputedStyle(e), colour = e instanceof SVGElement ? style.fill : style.color;
        const [a, b] = [light(colour).l, behind(e)].sort((x, y) => y - x);
        return { text: e.textContent.trim().slice(0, 30), ratio: (a + 0.05) / (b + 0.05) };
      })
      .filter(({ ratio }) => ratio < 4.5).map(({ text, ratio }) => `"${text}" ${ratio.toFixed(2)}`);
  });
  assert.deepEqual(poor, [], `${name}: every text stands out`);
  const { scroll, width } = await view.evaluate(() => ({ scroll: document.documentElement.scrollWidth, width: innerWidth }));
  assert.ok(scroll <= width, `${name}: ${scroll} px of content in ${width} px`);
}

/** What a screen reader is told. */
async function checkTold(view) {
  const told = await view.evaluate(() => ({
    lang: document.documentElement.lang, title: document.title, headings: document.querySelectorAll("h1").length,
    mains: document.querySelectorAll("main").length,
    unnamed: [...document.querySelectorAll("button, [role=img]")].filter((e) => {
      const by = document.getElementById(e.getAttribute("aria-labelledby"));
      return !(e.textContent.trim() && e.tagName === "BUTTON") && !by?.textContent.trim();
    }).length,
    small: [...document.querySelectorAll("button, summary")].filter((e) => e.checkVisibility() && e.getBoundingClientRect().height < 24).length,
    live: document.querySelectorAll("output[aria-live]").length,
  }));
  assert.deepEqual({ ...told, title: told.title.length > 0 }, { lang: "en", title: true, headings: 1, mains: 1, unnamed: 0, small: 0, live: 1 });
}

const VIEWS = {
  greeting_card: {
    args: { message: "Tea is at four." }, shows: /Hello, alice!\s+Tea is at four\./, button: "#roll", after: /alice rolled a [1-6] \(1–6\)\./,
  },
  dice_dashboard: {
    args: { dice: 2, rolls: 60 }, shows: /2 dice\s+rolled by alice\s+Rolls\s+60/, button: "[data-rolls='10']", after: /Rolls\s+70[^]*10 more rolls\./,
  },
};
const STRICT = "allow-scripts", RELAXED = "allow-scripts allow-same-origin allow-forms";

/** One view in one host; returns what was said. */
async function show(browser, token, tool, { era, theme = "light", sandbox = STRICT, width = 640, options = {}, shot }) {
  const { args, shows, button, after } = VIEWS[tool];
  const { context, page, noted } = await profile(browser, { colorScheme: theme, ...options });
  await page.goto(`${hostOrigin}/`);
  const facts = await page.evaluate((o) => window.host.open(o),
    { url, token, era, tool, args, theme, sandbox, sandboxOrigin, width, ui: true });
  assert.equal(facts.protocol, era === "legacy" ? "2025-11-25" : era);
  assert.ok(facts.extensions["io.modelcontextprotocol/ui"], "the server advertises views");
  assert.deepEqual([facts.mimeType, facts.sameUri, facts.sameMeta], ["text/html;profile=mcp-app", true, true]);
  assert.ok(facts.result.structuredContent && facts.result.content.every(({ type }) => type === "text"), "nothing of the page goes to the model");
  const view = await viewOf(page);
  await view.waitForFunction((text) => new RegExp(text).test(document.body.innerText), shows.source);
  await view.waitForTimeout(350);
  await checkLook(view, `${tool} ${theme} ${width}`);
  await checkTold(view);
  if (shot) await page.screenshot({ path: `${artefacts}/${shot}-${theme}.png` });

  // The theme changes while the view is open.
  const other = theme === "light" ? "dark" : "light";
  const before = await view.evaluate(() => getComputedStyle(document.querySelector("main")).backgroundColor);
  await page.evaluate((t) => window.host.setTheme(t), other);
  await view.waitForFunction((was) => getComputedStyle(document.querySelector("main")).backgroundColor !== was, before);
  await checkLook(view, `${tool} ${other} ${width}, switched`);
  if (shot) await page.screenshot({ path: `${artefacts}/${shot}-${other}-switched.png` });

  await view.click(button);
  await view.waitForFunction((text) => new RegExp(text).test(document.body.innerText), after.source);
  assert.equal(await view.evaluate((b) => document.activeElement?.matches(b), button), true, "the button keeps the focus");

  // As narrow as a chat column.
  await page.evaluate(() => window.host.setWidth(300));
  await view.waitForTimeout(200);
  await checkLook(view, `${tool} narrow`);
  if (shot) await page.screenshot({ path: `${artefacts}/${shot}-narrow.png` });
  if (options.reducedMotion) {
    const moving = await view.evaluate(() => [...document.querySelectorAll("*")].filter((e) => parseFloat(getComputedStyle(e).transitionDuration) > 0).length);
    assert.equal(moving, 0, "nothing moves for those who want no motion");
  }

  assert.deepEqual(await page.evaluate(() => window.host.teardown()), {}, "the view lets itself be ended");
  const said = await page.evaluate(() => window.host.said);
  const methods = said.filter(({ method }) => method).map(({ method }) => method);
  assert.deepEqual(methods.slice(0, 3), ["ui/notifications/sandbox-proxy-ready", "ui/initialize", "ui/notifications/initialized"]);
  const sizes = said.filter(({ event }) => event === "size").length;
  assert.ok(sizes >= 1 && sizes < 15, `${sizes} sizes: it settles`);
  assert.deepEqual(noted, [], "no violation, no error, no request to elsewhere");
  await context.close();
}

async function withoutViews(browser, token) {
  const { context, page, noted } = await profile(browser);
  await page.goto(`${hostOrigin}/`);
  for (const era of ["legacy", "2026-07-28"]) {
    const { content } = await page.evaluate((o) => window.host.call(o),
      { url, token, era, tool: "greeting_card", args: { message: "<b>&amp;</b></script>" }, ui: false });
    assert.equal(content[0].text, "Showed a greeting card to alice.");
    const [, copy] = content;
    assert.deepEqual(copy.annotations, { audience: ["user"] });
    const frame = await context.newPage();
    await frame.setContent(copy.resource.text);
    await frame.waitForFunction(() => /Hello, alice!/.test(document.body.innerText));
    assert.equal(await frame.locator("#message").textContent(), "<b>&amp;</b></script>", "the value is shown as it is");
    await frame.close();
  }
  assert.deepEqual(noted, []);
  await context.close();
  ok("a host that shows no views", "gets the text, and a filled copy that stands alone");
}

/** What the bridge says and does, message by message: the official host sends not all of it. */
async function bridge(browser) {
  const [source, script] = ["bridge.js", "bridge.min.js"].map((file) => readFileSync(`${setting("BRIDGE")}/${file}`, "utf8"));
  assert.equal(script, (await transform(source, { minify: true })).code, "bridge.min.js is made of bridge.js, by the command that stands in it");
  const { context, page, noted } = await profile(browser);
  await page.goto(`${hostOrigin}/`);
  await page.evaluate((html) => {
    window.heard = [];
    const frame = document.createElement("iframe");
    frame.sandbox = "allow-scripts";
    frame.srcdoc = html;
    document.body.append(frame);
    window.say = (message) => frame.contentWindow.postMessage({ jsonrpc: "2.0", ...message }, "*");
    addEventListener("message", ({ data }) => heard.push(data));
  }, `<!doctype html><html lang=en><head><script data-name=card data-version=1.0>${script}</script><script>
    window.told = [];
    for (const event of ["toolinput", "toolinputpartial", "toolcancelled", "hostcontextchanged"]) mcp.on(event, (value) => told.push([event, value]));
    mcp.on("teardown", async () => { await new Promise((resolve) => setTimeout(resolve, 20)); mcp.notify("x/saved"); });
  </script></head><body><p>Hello</body>`);
  const heard = async (wanted) => (await page.waitForFunction((w) => heard.find((m) => Object.entries(w).every(([k, v]) => m[k] === v)), wanted)).jsonValue();
  const say = (message) => page.evaluate((m) => say(m), message);
  const { id, params } = await heard({ method: "ui/initialize" });
  assert.deepEqual([params.protocolVersion, params.appInfo], ["2026-01-26", { name: "card", version: "1.0" }]);
  const styles = { variables: { "--color-text-primary": "rgb(1, 2, 3)" }, css: { fonts: "p { font-size: 21px }" } };
  await say({ id, result: { hostContext: { theme: "dark", styles } } });
  await heard({ method: "ui/notifications/initialized" });
  assert.ok((await heard({ method: "ui/notifications/size-changed" })).params.height > 0);

  const view = await viewOf(page);
  const style = () => view.evaluate(() => ({ scheme: getComputedStyle(document.documentElement).colorScheme, size: getComputedStyle(document.querySelector("p")).fontSize }));
  assert.deepEqual(await style(), { scheme: "dark", size: "21px" });
  await say({ method: "ui/notifications/tool-input-partial", params: { arguments: { a: 1 } } });
  await say({ method: "ui/notifications/tool-input", params: { arguments: { a: 12 } } });
  await say({ method: "ui/notifications/tool-cancelled", params: { reason: "enough" } });
  await say({ method: "ui/notifications/host-context-changed", params: { theme: "light" } });
  await say({ method: "ui/notifications/tool-result", params: { content: [], structuredContent: { b: 2 } } });
  await say({ id: "p", method: "ping" });
  assert.deepEqual((await heard({ id: "p" })).result, {});
  await say({ id: "u", method: "unheard/of" });
  assert.equal((await heard({ id: "u" })).error.code, -32601);
  const told = await view.evaluate(() => told);
  assert.deepEqual(told.map(([event]) => event), ["hostcontextchanged", "toolinputpartial", "toolinput", "toolcancelled", "hostcontextchanged"]);
  assert.deepEqual(told.at(-1)[1], { theme: "light", styles }, "a change keeps what it does not name");
  assert.deepEqual(await view.evaluate(() => new Promise((resolve) => mcp.on("toolresult", resolve))), { content: [], structuredContent: { b: 2 } }, "who comes late is told at once");

  // A failure of the tool is a result; one of the protocol rejects.
  const call = (answer) => Promise.all([
    view.evaluate((name) => mcp.callTool(name, { a: 1 }).catch(({ code, message }) => ({ code, message })), Object.keys(answer)[0]),
    page.waitForFunction((name) => heard.find((m) => m.params?.name === name), Object.keys(answer)[0]).then((found) => found.jsonValue())
      .then((request) => { assert.deepEqual(request.params.arguments, { a: 1 }); return say({ id: request.id, ...answer }); }),
  ]).then(([value]) => value);
  assert.deepEqual(await call({ result: { isError: true, content: [] } }), { isError: true, content: [] });
  assert.deepEqual(await call({ error: { code: -32602, message: "Unknown tool" } }), { code: -32602, message: "Unknown tool" });
  await say({ id: "t", method: "ui/resource-teardown" });
  await heard({ id: "t" });
  const last = await page.evaluate(() => heard.slice(-2).map(({ method, id }) => method ?? id));
  assert.deepEqual(last, ["x/saved", "t"], "the page's end waits for what the page still does");
  assert.deepEqual(noted, []);
  await context.close();
  ok("the bridge", `${script.length} bytes; events, theme, ping, failures, teardown`);
}

async function dev(browser) {
  const program = spawn(setting("SERVER"), ["dev", "--print-url"], { stdio: ["ignore", "ignore", "pipe"] });
  try {
    const address = await new Promise((resolve, reject) => {
      let said = "";
      program.stderr.on("data", (data) => {
        const found = (said += data).match(/http:\/\/127\.0\.0\.1:\d+\//);
        if (found) resolve(found[0]);
      });
      program.on("exit", () => reject(new Error(said)));
    });
    // Nobody else's page, and no other name.
    const call = (headers) => fetch(`${address}rpc`, { method: "POST", headers: { "Content-Type": "application/json", ...headers }, body: JSON.stringify({ method: "tools/list", params: {}, user: null, capabilities: {} }) });
    assert.equal((await call({})).status, 403, "no call without the page's token");
    const port = new URL(address).port;
    const rebound = await new Promise((resolve) => http.get({ port, path: "/", headers: { Host: "evil.test" } }, ({ statusCode }) => resolve(statusCode)));
    assert.equal(rebound, 403, "no page under another name");

    for (const theme of ["light", "dark"]) {
      const { context, page, noted } = await profile(browser, { viewport: { width: 1240, height: 900 }, colorScheme: theme });
      await page.goto(address);
      await page.getByRole("button", { name: "dice_dashboard" }).click();
      await page.getByLabel("rolls").fill("40");
      await page.getByRole("button", { name: "Call", exact: true }).click();
      const view = await viewOf(page);
      await view.waitForFunction(() => /rolled by alice/.test(document.body.innerText));
      await view.click("[data-rolls='10']");
      await view.waitForFunction(() => /10 more rolls/.test(document.body.innerText));
      await page.locator("#outcome", { hasText: "alice rolled 2 dice 40 times" }).waitFor();
      assert.equal(await page.locator("#violations").textContent(), "no CSP violation");
      await page.screenshot({ path: `${artefacts}/dev-${theme}.png`, fullPage: true });
      await page.getByLabel("Theme").selectOption(theme === "light" ? "dark" : "light");
      await page.getByLabel("Width").selectOption("360");
      await view.waitForTimeout(300);
      await checkLook(view, "in the dev page");
      assert.match(await page.locator("#entries").textContent(), /ui\/initialize[^]*tools\/call/, "the log has both sides");
      // What the policy blocks is told.
      await view.evaluate(() => { new Image().src = "https://elsewhere.test/a.png"; });
      await page.locator("#violations", { hasText: "1 blocked" }).waitFor();
      noted.splice(0);
      await page.getByRole("button", { name: "Tear down" }).click();
      await page.locator("#frame iframe").waitFor({ state: "detached" });

      // What the server says of bad arguments, and another user.
      await page.getByLabel("Call as").fill("bob");
      await page.getByRole("button", { name: "roll_dice" }).click();
      await page.getByLabel("sides").fill("1");
      await page.getByRole("button", { name: "Call", exact: true }).click();
      await page.locator("#outcome.bad", { hasText: "$.sides: must be at least 2" }).waitFor();
      await page.getByLabel("sides").fill("2");
      await page.getByRole("button", { name: "Call", exact: true }).click();
      await page.locator("#outcome", { hasText: "bob rolled a" }).waitFor();
      assert.deepEqual(noted, [], "no violation, no error, no request to elsewhere");
      await context.close();
      ok(`the dev page, ${theme}`, "forms, view, theme, width, log, violations, another user");
    }
  } finally {
    program.kill();
  }
}

const browser = await chromium.launch({
  executablePath: setting("CHROMIUM"),
  // No sandbox: CI runs as root. The rest keeps Chromium from calling home.
  args: [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run",
  ],
});
try {
  await bridge(browser);
  const token = await signIn();
  for (const tool of Object.keys(VIEWS)) {
    await show(browser, token, tool, { era: "legacy", shot: `view-${tool}` });
    ok(`${tool}, legacy wire`, "light, switched to dark, narrow, torn down");
    await show(browser, token, tool, { era: "2026-07-28", theme: "dark", options: { reducedMotion: "reduce" }, shot: `view-${tool}-from` });
    ok(`${tool}, modern wire`, "dark, switched to light, no motion, torn down");
    await show(browser, token, tool, { era: "2026-07-28", sandbox: RELAXED });
    ok(`${tool}, relaxed sandbox`);
  }
  await withoutViews(browser, token);
  await dev(browser);
} finally {
  await browser.close();
  for (const { server } of [host, sandbox]) {
    server.close();
    server.closeAllConnections();
  }
}
