// The bridge: JSON-RPC 2.0 with the host of an MCP App by postMessage (MCP Apps, 2026-01-26).
// docs/views.md says how a page uses it. What goes into the page is bridge.min.js, made of this by
// `npx esbuild@0.25.12 --minify bridge.js --outfile=bridge.min.js`.
(() => {
const { name, version } = document.currentScript.dataset;
const root = document.documentElement, waiting = new Map(), handlers = {}, last = {};
let ids = 0, context = {}, size, watch, fonts;
const post = (message) => parent.postMessage({ jsonrpc: "2.0", ...message }, "*");
const notify = (method, params = {}) => post({ method, params });
const request = (method, params = {}) => new Promise((resolve, reject) => {
  waiting.set(++ids, { resolve, reject });
  post({ id: ids, method, params });
});
// The latest value is kept for handlers that come late.
const emit = (event, value) => {
  last[event] = value;
  return Promise.allSettled((handlers[event] ?? []).map(async (handle) => {
    try { await handle(value); } catch (error) { reportError(error); }
  }));
};
const adopt = (change) => {
  context = { ...context, ...change };
  const { theme, styles = {} } = change;
  if (theme) root.style.colorScheme = root.dataset.theme = theme;
  for (const [key, value] of Object.entries(styles.variables ?? {})) if (value) root.style.setProperty(key, value);
  if (styles.css?.fonts) (fonts ??= document.head.appendChild(document.createElement("style"))).textContent = styles.css.fonts;
  return emit("hostcontextchanged", context);
};
const measure = () => {
  const { width, height } = root.getBoundingClientRect();
  // A page as high as its frame (`height: 100%`) would never outgrow it: what flows out of its body counts too.
  const now = { width: Math.ceil(width), height: Math.max(Math.ceil(height), document.body.scrollHeight) };
  if (size !== (size = now.width + "x" + now.height)) notify("ui/notifications/size-changed", now);
};
addEventListener("message", async ({ source, data }) => {
  if (source !== parent || data?.jsonrpc !== "2.0") return;
  const { id, method, params = {}, result, error } = data;
  if (!method) {
    const reply = waiting.get(id);
    waiting.delete(id);
    if (error) reply?.reject(Object.assign(new Error(error.message), error));
    else reply?.resolve(result);
  } else if (id === undefined) {
    const event = method.replace("ui/notifications/", "").replaceAll("-", "");
    event === "hostcontextchanged" ? adopt(params) : emit(event, params);
  } else if (method === "ui/resource-teardown") {
    watch?.disconnect();
    await emit("teardown", params);
    post({ id, result: {} });
  } else if (method === "ping") post({ id, result: {} });
  else post({ id, error: { code: -32601, message: "Method not found" } });
});
const connect = async () => {
  // A copy for clients without MCP Apps carries its value.
  const filled = document.getElementById("mcp-structured-content");
  if (filled) emit("toolresult", { content: [], structuredContent: JSON.parse(filled.textContent) });
  if (parent === window) return null;
  const host = await request("ui/initialize", {
    protocolVersion: "2026-01-26", appInfo: { name, version },
    appCapabilities: { availableDisplayModes: mcp.displayModes },
  });
  adopt(host.hostContext ?? {});
  notify("ui/notifications/initialized");
  watch = new ResizeObserver(measure);
  watch.observe(root);
  watch.observe(document.body);
  return host;
};
self.mcp = {
  displayModes: ["inline"],
  // After the page's own scripts, so that their handlers are there first.
  ready: new Promise((resolve) => document.addEventListener("DOMContentLoaded", () => resolve(connect()))),
  get context() { return context; },
  on(event, handle) {
    (handlers[event] ??= []).push(handle);
    if (event in last) Promise.resolve(last[event]).then(handle);
  },
  callTool: (name, args = {}) => request("tools/call", { name, arguments: args }),
  readResource: (uri) => request("resources/read", { uri }),
  openLink: (url) => request("ui/open-link", { url }),
  sendMessage: (text) => request("ui/message", { role: "user", content: [{ type: "text", text }] }),
  updateModelContext: (params) => request("ui/update-model-context", params),
  requestDisplayMode: (mode) => request("ui/request-display-mode", { mode }),
  log: (data, level = "info") => notify("notifications/message", { level, data }),
  request, notify,
};
mcp.ready.catch(() => {});
})();
