// The login page as a person meets it: in Chromium, by keyboard, in light and dark, on a desk and on a phone.
//
// Screenshots go to ARTEFACTS, to be looked at. Every check prints a line; the first that fails ends the run.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import http from "node:http";

import { chromium } from "playwright-core";

const endpoint = new URL(setting("MCP_URL"));
const origin = endpoint.origin;
const artefacts = setting("ARTEFACTS");

function setting(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run this by \`cargo xtask test browser\``);
  return value;
}

function ok(step, detail = "") {
  console.log(`ok ${step}${detail ? `: ${detail}` : ""}`);
}

/** The client's side of the redirect. */
async function listen() {
  const arrivals = [];
  let wake = () => {};
  const server = http.createServer((request, response) => {
    const target = new URL(request.url, "http://127.0.0.1");
    response.setHeader("Content-Type", "text/html");
    response.end("<!doctype html><html lang=en><title>Done</title><link rel=icon href=data:,><p>Done.");
    if (target.pathname === "/callback") {
      arrivals.push(target.searchParams);
      wake();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    uri: `http://127.0.0.1:${server.address().port}/callback`,
    arrival: async () => {
      if (!arrivals.length) await new Promise((resolve) => (wake = resolve));
      return arrivals.shift();
    },
    close: () => server.close(),
  };
}

async function register(redirectUri) {
  const response = await fetch(`${origin}/register`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({
      client_name: "Browser run",
      redirect_uris: [redirectUri],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
    }),
  });
  const client = await response.json();
  assert.equal(response.status, 201, JSON.stringify(client));
  return client.client_id;
}

function authorizeUrl(clientId, redirectUri) {
  const verifier = randomBytes(32).toString("base64url");
  const url = new URL(`${origin}/authorize`);
  url.search = new URLSearchParams({
    response_type: "code",
    client_id: clientId,
    redirect_uri: redirectUri,
    scope: "read",
    state: randomBytes(16).toString("base64url"),
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
    resource: endpoint.href,
  });
  return url;
}

/** Opens a fresh profile in which everything suspicious is noted. */
async function profile(browser, options) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  const noted = [];
  page.on("console", (message) => {
    // A 401 is the right status for a wrong password; Chromium calls every such answer an error.
    const expected = /status of 401/.test(message.text()) && message.location().url.startsWith(origin);
    if (["error", "warning"].includes(message.type()) && !expected) noted.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => noted.push(`script: ${error}`));
  page.on("request", (request) => {
    const url = new URL(request.url());
    const ours = url.hostname === "127.0.0.1" || ["data:", "about:"].includes(url.protocol);
    if (!ours) noted.push(`request to ${url.origin}`);
  });
  // A violation is reported to the page, also where the console is silent about it.
  await page.addInitScript(() =>
    document.addEventListener("securitypolicyviolation", (event) =>
      console.error(`CSP: ${event.violatedDirective} blocked ${event.blockedURI}`)));
  return { context, page, noted };
}

async function screenshot(page, name) {
  await page.screenshot({ path: `${artefacts}/${name}.png`, fullPage: true });
}

/** What assistive technology is told. */
async function checkAccessibility(page) {
  assert.ok(await page.evaluate(() => document.documentElement.lang), "the page says its language");
  assert.ok((await page.title()).length > 0, "the page has a title");
  assert.equal(await page.getByRole("heading", { level: 1 }).count(), 1, "one main heading");
  assert.equal(await page.getByRole("main").count(), 1, "one main landmark");
  const user = page.getByRole("textbox", { name: /user ?name/i });
  const password = page.getByLabel(/password/i);
  assert.equal(await user.count(), 1, "the name's field has a label");
  assert.equal(await password.getAttribute("type"), "password", "the password's field has a label");
  assert.equal(await user.getAttribute("autocomplete"), "username");
  assert.equal(await password.getAttribute("autocomplete"), "current-password");
  const allow = page.getByRole("button", { name: /sign in/i });
  const deny = page.getByRole("button", { name: /deny|cancel/i });
  assert.equal(await allow.count(), 1, "a button to sign in");
  assert.equal(await deny.count(), 1, "a button to refuse");
  const unnamed = await page.evaluate(() =>
    [...document.querySelectorAll("input:not([type=hidden]), button, a[href]")]
      .filter((e) => !(e.labels?.length || e.textContent.trim() || e.getAttribute("aria-label") || e.value))
      .map((e) => e.outerHTML));
  assert.deepEqual(unnamed, [], "every control has a name");
  return { user, password, allow, deny };
}

/** WCAG 2.2 AA: text against what is behind it, 4.5 to 1 (3 to 1 for large text). */
async function checkContrast(page, name) {
  const poor = await page.evaluate(() => {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const rgba = (color) => {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = color;
      canvas.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
      return { r, g, b, a: a / 255 };
    };
    const luminance = ({ r, g, b }) => {
      const [x, y, z] = [r, g, b].map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
      return 0.2126 * x + 0.7152 * y + 0.0722 * z;
    };
    const behind = (element) => {
      for (let e = element; e; e = e.parentElement) {
        const color = rgba(getComputedStyle(e).backgroundColor);
        if (color.a > 0.99) return color;
      }
      return rgba(getComputedStyle(document.documentElement).colorScheme.includes("dark")
        && matchMedia("(prefers-color-scheme: dark)").matches ? "#121212" : "#fff");
    };
    return [...document.querySelectorAll("body *")]
      .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()) && e.checkVisibility())
      .map((e) => {
        const style = getComputedStyle(e);
        const [a, b] = [luminance(rgba(style.color)), luminance(behind(e))].sort((x, y) => y - x);
        const size = parseFloat(style.fontSize);
        const large = size >= 24 || (size >= 18.66 && +style.fontWeight >= 700);
        return { text: e.textContent.trim().slice(0, 40), ratio: (a + 0.05) / (b + 0.05), least: large ? 3 : 4.5 };
      })
      .filter(({ ratio, least }) => ratio < least)
      .map(({ text, ratio }) => `"${text}" ${ratio.toFixed(2)}`);
  });
  assert.deepEqual(poor, [], `${name}: every text stands out`);
}

/** Nothing is cut off or needs sideways scrolling; targets are large enough for a thumb. */
async function checkNarrow(page) {
  const { scroll, width } = await page.evaluate(() =>
    ({ scroll: document.documentElement.scrollWidth, width: innerWidth }));
  assert.ok(scroll <= width, `${scroll} px of content in ${width} px`);
  for (const control of await page.locator("input:not([type=hidden]), button").all()) {
    const box = await control.boundingBox();
    assert.ok(box && box.height >= 24 && box.width >= 24, `a target of ${box?.width}×${box?.height} px`);
  }
}

/** The focused element differs from itself unfocused, by outline, border or shadow. */
async function focusShows(page) {
  return page.evaluate(() => {
    const look = (e) => {
      const { outlineStyle, outlineWidth, outlineColor, boxShadow, borderColor } = getComputedStyle(e);
      return JSON.stringify([outlineStyle === "none" ? "none" : [outlineWidth, outlineColor], boxShadow, borderColor]);
    };
    const focused = document.activeElement;
    const with_ = look(focused);
    focused.blur();
    const without = look(focused);
    focused.focus({ focusVisible: true });
    return with_ !== without;
  });
}

/** Tab until `target` has the focus; returns the names passed on the way. */
async function tabTo(page, target) {
  const passed = [];
  for (let presses = 0; presses < 12; presses++) {
    const name = await page.evaluate(() => document.activeElement.name || document.activeElement.textContent.trim());
    if (await page.evaluate(() => document.activeElement !== document.body)) {
      assert.ok(await focusShows(page), `the focus on "${name}" is visible`);
    }
    if (await target.evaluate((e) => e === document.activeElement)) return passed;
    passed.push(name);
    await page.keyboard.press("Tab");
  }
  throw new Error(`Tab does not reach the control; it passed ${passed.join(", ")}`);
}

async function look(browser, authorize) {
  for (const [device, viewport] of [["desktop", { width: 1280, height: 800 }], ["phone", { width: 390, height: 844 }]]) {
    for (const colorScheme of ["light", "dark"]) {
      const { context, page, noted } = await profile(browser, { viewport, colorScheme });
      const response = await page.goto(authorize().href);
      assert.equal(response.status(), 200);
      await checkAccessibility(page);
      await checkContrast(page, `${device} ${colorScheme}`);
      await checkNarrow(page);
      await screenshot(page, `login-${device}-${colorScheme}`);
      assert.deepEqual(noted, []);
      await context.close();
      ok(`login page, ${device}, ${colorScheme}`, "labels, contrast, size, nothing from outside");
    }
  }
  const { context, page } = await profile(browser, { colorScheme: "light", reducedMotion: "reduce" });
  await page.goto(authorize().href);
  const animated = await page.evaluate(() => document.getAnimations().length);
  assert.equal(animated, 0, "no motion for those who want none");
  await context.close();
  ok("reduced motion");
}

async function signInByKeyboard(browser, authorize, listener) {
  const { context, page, noted } = await profile(browser, { colorScheme: "light" });
  const url = authorize();
  await page.goto(url.href);
  const text = await page.locator("main").innerText();
  assert.ok(text.includes("Browser run"), "the page names the client");
  assert.ok(text.includes("127.0.0.1"), "the page names the host to which it leads");
  ok("the page names the client and where it leads");

  let { user, password } = await checkAccessibility(page);
  await tabTo(page, user);
  await page.keyboard.type("alice");
  const between = await tabTo(page, password);
  assert.equal(between.length, 1, `one Tab leads from the name to the password, not by ${between}`);
  await page.keyboard.type("not the password");
  const wrong = page.waitForResponse((response) => response.request().method() === "POST");
  await page.keyboard.press("Enter");
  assert.equal((await wrong).status(), 401);
  const alert = page.getByRole("alert");
  await alert.waitFor();
  assert.equal(await alert.count(), 1, "the error is announced");
  ({ user, password } = await checkAccessibility(page));
  assert.equal(await user.inputValue(), "alice", "the name is kept");
  assert.equal(await password.inputValue(), "", "the password is not");
  await checkContrast(page, "after a wrong password");
  await screenshot(page, "login-wrong-password");
  ok("a wrong password", (await alert.innerText()).replaceAll("\n", " "));

  await tabTo(page, password);
  await page.keyboard.type("password123");
  await page.keyboard.press("Enter");
  const params = await listener.arrival();
  await page.waitForURL(/\/callback\?/);
  assert.ok(params.get("code"), `a code arrived: ${params}`);
  assert.equal(params.get("state"), url.searchParams.get("state"));
  assert.equal(params.get("iss"), origin);
  ok("keyboard-only sign-in", "code, state and iss at the loopback redirect");

  // The same browser again: signed in, so it is only asked for consent.
  await page.goto(authorize().href);
  assert.equal(await page.getByLabel(/password/i).count(), 0, "no password is asked for twice");
  assert.ok((await page.locator("main").innerText()).includes("alice"), "the page names the account");
  await screenshot(page, "consent-signed-in");
  await page.getByRole("button", { name: /deny|cancel/i }).click();
  assert.equal((await listener.arrival()).get("error"), "access_denied");
  ok("consent with a live session, denied", "access_denied at the redirect");

  assert.deepEqual(noted, [], "no console error, no CSP violation, no request to elsewhere");
  ok("console, content security policy, network", "quiet");
  await context.close();
}

/** The account page: who is connected, and how to end it; by keyboard, in all looks. */
async function accountPage(browser, authorize, listener) {
  for (const [device, viewport] of [["desktop", { width: 1280, height: 800 }], ["phone", { width: 390, height: 844 }]]) {
    for (const colorScheme of ["light", "dark"]) {
      const { context, page, noted } = await profile(browser, { viewport, colorScheme });
      await page.goto(authorize().href);
      await page.getByRole("textbox", { name: /user ?name/i }).fill("alice");
      await page.getByLabel(/password/i).fill("password123");
      await page.keyboard.press("Enter");
      await listener.arrival();
      await page.waitForURL(/\/callback\?/);
      const response = await page.goto(`${origin}/account`);
      assert.equal(response.status(), 200);
      assert.equal(await page.getByRole("heading", { level: 1 }).count(), 1, "one main heading");
      assert.equal(await page.getByRole("main").count(), 1, "one main landmark");
      await checkContrast(page, `account ${device} ${colorScheme}`);
      await checkNarrow(page);
      await screenshot(page, `account-${device}-${colorScheme}`);
      assert.deepEqual(noted, []);
      await context.close();
      ok(`account page, ${device}, ${colorScheme}`, "landmarks, contrast, size, nothing from outside");
    }
  }

  const { context, page, noted } = await profile(browser, { colorScheme: "light" });
  await page.goto(`${origin}/account`);
  await tabTo(page, page.getByRole("textbox", { name: /user ?name/i }));
  await page.keyboard.type("alice");
  await page.keyboard.press("Tab");
  await page.keyboard.type("password123");
  await page.keyboard.press("Enter");
  const disconnect = page.getByRole("button", { name: /disconnect browser run/i });
  await disconnect.first().waitFor();
  const before = await disconnect.count();
  await tabTo(page, disconnect.first());
  await page.keyboard.press("Enter");
  await page.getByRole("status").waitFor();
  assert.equal(await disconnect.count(), before - 1, "one app less");
  ok("account page by keyboard", `${before} connected apps, one ended`);

  const everywhere = page.getByRole("button", { name: /sign out everywhere/i });
  await everywhere.focus();
  assert.ok(await focusShows(page), "the focus on the button is visible");
  await page.keyboard.press("Enter");
  await page.getByRole("textbox", { name: /user ?name/i }).waitFor();
  await checkContrast(page, "signed out");
  await screenshot(page, "account-signed-out");
  assert.deepEqual(noted, [], "no console error, no CSP violation, no request to elsewhere");
  await context.close();
  ok("sign out everywhere", "the page asks for the password again");
}

/** A link that does not lead back to a client is a page of ours, not a redirect. */
async function brokenLink(browser) {
  const { context, page } = await profile(browser, { colorScheme: "dark", viewport: { width: 390, height: 844 } });
  const response = await page.goto(`${origin}/authorize?response_type=code&client_id=nobody`);
  assert.equal(response.status(), 400);
  assert.equal(new URL(page.url()).origin, origin);
  await checkContrast(page, "error page");
  await screenshot(page, "error-unknown-client");
  await context.close();
  ok("an unknown client", "a page that says so");
}

const listener = await listen();
const browser = await chromium.launch({
  executablePath: setting("CHROMIUM"),
  // No sandbox: CI runs as root. The rest keeps Chromium from calling home.
  args: [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run",
  ],
});
try {
  const clientId = await register(listener.uri);
  const authorize = () => authorizeUrl(clientId, listener.uri);
  await look(browser, authorize);
  await signInByKeyboard(browser, authorize, listener);
  await accountPage(browser, authorize, listener);
  await brokenLink(browser);
} finally {
  await browser.close();
  listener.close();
}
