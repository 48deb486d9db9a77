"use strict";
// A host of MCP Apps for the developer of a server (2026-01-26): calls its tools, shows their views.

const $ = (id) => document.getElementById(id);
const setup = JSON.parse($("setup").textContent);
const EXTENSION = "io.modelcontextprotocol/ui";
/** What this host sets where "Host's colours" is on. */
const COLOURS = {
  "--color-background-primary": "light-dark(#fffdf8, #1d1f25)", "--color-background-secondary": "light-dark(#f3efe5, #2a2d35)",
  "--color-text-primary": "light-dark(#1d1b16, #f2efe8)", "--color-text-secondary": "light-dark(#5d584c, #b8b3a7)",
  "--color-border-primary": "light-dark(#cfc7b4, #454a57)", "--color-ring-primary": "light-dark(#8a5a00, #ffc561)",
  "--font-sans": "Georgia, serif", "--border-radius-md": "14px", "--border-radius-sm": "9px",
};
let tools = [], chosen, view;

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

// ---- the server, in this page's process ----

async function ask(method, params = {}) {
  const response = await fetch("/rpc", {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Dev-Token": setup.token },
    body: JSON.stringify({
      method, params, user: $("user").value.trim() || null,
      capabilities: $("ui").checked ? { extensions: { [EXTENSION]: { mimeTypes: [setup.mimeType] } } } : {},
    }),
  });
  if (!response.ok) throw new Error(await response.text());
  const { result, error, notifications } = await response.json();
  log("server", `${method}${params.name ? ` ${params.name}` : params.uri ? ` ${params.uri}` : ""}`, { params, result, error }, !!error || result?.isError);
  for (const note of notifications) log("server", note.method, note.params);
  if (error) throw Object.assign(new Error(error.message), error);
  return result;
}

function log(who, what, detail, bad = false) {
  const entry = element("li", { className: bad ? "bad" : "" }, element("details", {},
    element("summary", {}, element("span", { textContent: who }), element("span", { textContent: what })),
    element("pre", { textContent: JSON.stringify(detail, (_, value) =>
      typeof value === "string" && value.length > 2000 ? `${value.slice(0, 2000)}… (${value.length} characters)` : value, 2) })));
  $("entries").append(entry);
}

// ---- the forms ----

function field(name, schema, required) {
  const kind = [schema.type].flat()[0];
  const label = element("span", { textContent: name + (required ? "" : " (may be left out)") });
  const help = element("small", { textContent: schema.description ?? "" });
  const initial = schema.default ?? "";
  // A box has no third state for what may be left out.
  const open = kind === "boolean" && !required && schema.default === undefined;
  const values = schema.enum ?? (open ? [true, false] : undefined);
  let control;
  if (values) {
    control = element("select", {}, ...(required ? [] : [element("option", { value: "", textContent: "" })]),
      ...values.map((value) => element("option", { value: JSON.stringify(value), textContent: value })));
    if (schema.default !== undefined) control.value = JSON.stringify(schema.default);
    control.read = () => (control.value === "" ? undefined : JSON.parse(control.value));
  } else if (kind === "boolean") {
    control = element("input", { type: "checkbox", checked: schema.default === true });
    control.read = () => control.checked;
  } else if (kind === "integer" || kind === "number") {
    control = element("input", { type: "number", step: kind === "integer" ? 1 : "any", value: initial, placeholder: bounds(schema) });
    // Not `min` and `max`: what the server says of a number out of range is worth a look.
    control.read = () => (control.value === "" ? undefined : Number(control.value));
  } else if (kind === "string") {
    control = element("input", { type: "text", value: initial });
    control.read = () => (control.value === "" && !required ? undefined : control.value);
  } else {
    control = element("textarea", { value: initial === "" ? "" : JSON.stringify(initial), placeholder: "JSON", spellcheck: false });
    control.read = () => (control.value.trim() === "" ? undefined : JSON.parse(control.value));
  }
  control.name = name;
  const check = control.type === "checkbox";
  return element("label", { className: `field${check ? " check" : ""}` }, ...(check ? [control, label, help] : [label, control, help]));
}

function bounds({ minimum, maximum }) {
  return minimum === undefined && maximum === undefined ? "" : `${minimum ?? "…"} to ${maximum ?? "…"}`;
}

function choose(tool) {
  chosen = tool;
  for (const button of $("tools").querySelectorAll("button")) button.ariaCurrent = String(button.value === tool.name);
  $("call-title").textContent = tool.title ?? tool.name;
  $("description").textContent = tool.description ?? "";
  const { properties = {}, required = [] } = tool.inputSchema;
  $("fields").replaceChildren(...Object.entries(properties).map(([name, schema]) => field(name, schema, required.includes(name))));
  $("form").hidden = false;
  say("");
}

function say(text, bad = false) {
  $("outcome").textContent = text;
  $("outcome").classList.toggle("bad", bad);
}

$("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const args = {};
  try {
    for (const control of $("fields").querySelectorAll("[name]")) {
      const value = control.read();
      if (value !== undefined) args[control.name] = value;
    }
  } catch (error) {
    return say(`This is no JSON: ${error.message}`, true);
  }
  say("…");
  const tool = chosen;
  const answer = ask("tools/call", { name: tool.name, arguments: args });
  const uri = tool._meta?.ui?.resourceUri;
  if (uri && $("ui").checked) show(tool, uri, args, answer).catch((error) => log("host", error.message, {}, true));
  try {
    const result = await answer;
    say(result.resultType === "input_required" ? "The tool asks for more; the log has its questions."
      : (result.content ?? []).map((block) => block.text ?? `(${block.type})`).join("\n"), result.isError);
  } catch (error) {
    say(error.message, true);
  }
});

// ---- the views ----

async function show(tool, uri, args, answer) {
  await close();
  answer.catch(() => {});
  const contents = (await ask("resources/read", { uri })).contents[0];
  const html = contents.text ?? new TextDecoder().decode(Uint8Array.from(atob(contents.blob), (c) => c.charCodeAt(0)));
  const ui = contents._meta?.ui ?? {};
  const frame = element("iframe", { title: tool.title ?? tool.name, src: `${setup.sandbox}/sandbox?${new URLSearchParams({ uri })}` });
  frame.setAttribute("sandbox", "allow-scripts allow-same-origin allow-forms");
  const allow = Object.keys(ui.permissions ?? {}).map((name) => name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)).join("; ");
  if (allow) frame.setAttribute("allow", allow);
  const around = element("div", { className: ui.prefersBorder === false ? "" : "border" }, frame);
  $("frame").replaceChildren(around);
  view = { tool, frame, html, allow, args, answer, around, waiting: new Map(), ids: 0, violations: 0 };
  violations();
  lay();
}

function post(message) {
  if (!message.method?.includes("sandbox-")) log("host → view", message.method ?? `answer ${message.id}`, message, !!message.error);
  view.frame.contentWindow.postMessage({ jsonrpc: "2.0", ...message }, setup.sandbox);
}

function context() {
  return {
    theme: $("theme").value,
    styles: { variables: $("styles").checked ? COLOURS : {} },
    displayMode: "inline", availableDisplayModes: ["inline"],
    containerDimensions: { maxWidth: view.around.clientWidth, maxHeight: 2000 },
    toolInfo: { tool: view.tool },
    locale: navigator.language, timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    platform: "web", userAgent: "mcp-runtime dev",
  };
}

function lay() {
  $("frame").dataset.theme = $("theme").value;
  if (view) view.around.style.width = $("width").value ? `${$("width").value}px` : "";
  $("teardown").disabled = !view;
}

function violations() {
  const count = view?.violations ?? 0;
  $("violations").textContent = !view ? "" : count ? `${count} blocked by the content security policy` : "no CSP violation";
  $("violations").classList.toggle("bad", count > 0);
}

/** What a view may ask of this host. */
const ANSWERS = {
  "ui/initialize": () => ({
    protocolVersion: "2026-01-26",
    hostInfo: { name: "mcp-runtime dev", version: setup.version },
    hostCapabilities: { serverTools: {}, serverResources: {}, openLinks: {}, logging: {}, message: { text: {} }, updateModelContext: { text: {}, structuredContent: {} } },
    hostContext: context(),
  }),
  ping: () => ({}),
  "tools/call": ({ name, arguments: args }) => {
    const tool = tools.find((t) => t.name === name);
    if (!tool) throw new Error(`there is no tool ${name} here`);
    if (!(tool._meta?.ui?.visibility ?? ["model", "app"]).includes("app")) throw new Error(`${name} is not for views: its visibility lacks "app"`);
    return ask("tools/call", { name, arguments: args ?? {} });
  },
  "resources/read": ({ uri }) => ask("resources/read", { uri }),
  "resources/list": () => ask("resources/list"),
  "ui/open-link": ({ url }) => {
    if (!/^https?:/.test(url)) throw new Error("only web addresses are opened");
    return confirm(`The view asks to open ${url}`) ? (window.open(url, "_blank", "noopener"), {}) : { isError: true };
  },
  "ui/message": () => ({}),
  "ui/update-model-context": () => ({}),
  "ui/request-display-mode": () => ({ mode: "inline" }),
};

addEventListener("message", async ({ source, origin, data }) => {
  if (!view || source !== view.frame.contentWindow || origin !== setup.sandbox) return;
  if (data?.violation) {
    view.violations++;
    violations();
    return log("blocked", `${data.violation.directive} ${data.violation.blocked}`, data.violation, true);
  }
  if (data?.failure) return log("view", data.failure, data, true);
  if (data?.jsonrpc !== "2.0") return;
  const { id, method, params = {} } = data, of = view;
  if (method === "ui/notifications/sandbox-proxy-ready") {
    return post({ method: "ui/notifications/sandbox-resource-ready", params: { html: of.html, sandbox: $("sandbox").value, allow: of.allow } });
  }
  log("view → host", method ?? `answer ${id}`, data, !!data.error);
  if (!method) {
    of.waiting.get(id)?.(data);
    of.waiting.delete(id);
  } else if (id === undefined) {
    if (method === "ui/notifications/size-changed") of.frame.style.height = `${Math.min(params.height ?? 0, 2000)}px`;
    if (method === "ui/notifications/initialized") {
      post({ method: "ui/notifications/tool-input", params: { arguments: of.args } });
      const last = await of.answer.then((result) => ({ method: "ui/notifications/tool-result", params: result }),
        (error) => ({ method: "ui/notifications/tool-cancelled", params: { reason: error.message } }));
      if (view === of) post(last);
    }
  } else {
    let reply;
    try {
      if (!ANSWERS[method]) throw Object.assign(new Error(`this host has no ${method}`), { code: -32601 });
      reply = { id, result: await ANSWERS[method](params) };
    } catch (error) {
      reply = { id, error: { code: error.code ?? -32000, message: error.message } };
    }
    if (view === of) post(reply);
  }
});

/** Asks the view to end, and takes its frame away once it has answered, or a second later. */
async function close() {
  if (!view) return;
  const of = view, id = `host-${++of.ids}`;
  const answered = new Promise((resolve) => { of.waiting.set(id, resolve); setTimeout(resolve, 1000); });
  post({ id, method: "ui/resource-teardown", params: { reason: "closed" } });
  await answered;
  of.around.remove();
  view = undefined;
  violations();
  lay();
}

function contextChanged() {
  lay();
  if (view) post({ method: "ui/notifications/host-context-changed", params: context() });
}

for (const id of ["theme", "width", "styles"]) $(id).addEventListener("change", contextChanged);
$("teardown").addEventListener("click", close);
$("clear").addEventListener("click", () => $("entries").replaceChildren());
$("user").value = localStorage.getItem("user") ?? "alice";
$("user").addEventListener("change", () => localStorage.setItem("user", $("user").value));
$("theme").value = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";

$("name").append(setup.name, element("small", { textContent: setup.version }));
document.title = `${setup.name} – dev`;
lay();
ask("tools/list").then((list) => {
  tools = list.tools;
  $("tools").replaceChildren(...tools.map((tool) => {
    const visibility = tool._meta?.ui?.visibility ?? [];
    const button = element("button", { type: "button", value: tool.name, textContent: tool.name });
    if (tool._meta?.ui?.resourceUri) button.append(element("span", { className: "tag", textContent: "view" }));
    if (visibility.length === 1) button.append(element("span", { className: "tag", textContent: `${visibility[0]} only` }));
    button.addEventListener("click", () => choose(tool));
    return element("li", {}, button);
  }));
}).catch((error) => log("host", error.message, {}, true));
