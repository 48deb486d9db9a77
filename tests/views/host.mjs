// The page of a host of MCP Apps on the official AppBridge: shows one view in two frames on another origin, as the
// specification has it, and keeps everything that is said. `run.mjs` bundles it and steers it by `window.host`.

import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { AppBridge, PostMessageTransport, RESOURCE_MIME_TYPE } from "@modelcontextprotocol/ext-apps/app-bridge";

const VARIABLES = {
  "--color-background-primary": "light-dark(#fffdf6, #15181d)",
  "--color-text-primary": "light-dark(#1c1b17, #f1eee7)",
  "--color-text-secondary": "light-dark(#5b564a, #b5b0a4)",
  "--color-border-primary": "light-dark(#cdc5b2, #444956)",
  "--border-radius-md": "13px",
};

const said = [];
let bridge, context, frame;

async function connect({ url, token, era, ui }) {
  const client = new Client({ name: "views-run", version: "1" }, {
    capabilities: ui ? { extensions: { "io.modelcontextprotocol/ui": { mimeTypes: [RESOURCE_MIME_TYPE] } } } : {},
    versionNegotiation: { mode: era === "legacy" ? "legacy" : { pin: era } },
  });
  await client.connect(new StreamableHTTPClientTransport(new URL(url), {
    requestInit: { headers: { Authorization: `Bearer ${token}` } },
  }));
  return client;
}

/** Calls the tool as a client does that shows no views. */
async function call(options) {
  const client = await connect(options);
  return client.callTool({ name: options.tool, arguments: options.args });
}

/** Calls the tool and shows its view; resolves once the view has its result. */
async function open(options) {
  const client = await connect(options);
  const { tools } = await client.listTools();
  const tool = tools.find(({ name }) => name === options.tool);
  const uri = tool._meta.ui.resourceUri;
  const listed = (await client.listResources()).resources.find((resource) => resource.uri === uri);
  const read = await client.readResource({ uri });
  const [page] = read.contents;
  const result = client.callTool({ name: options.tool, arguments: options.args });

  frame = document.createElement("iframe");
  frame.title = options.tool;
  frame.style.cssText = `width:${options.width}px;height:40px;border:0;display:block`;
  frame.setAttribute("sandbox", "allow-scripts allow-same-origin allow-forms");
  document.documentElement.style.colorScheme = options.theme;
  document.body.replaceChildren(frame);

  context = {
    theme: options.theme, styles: { variables: VARIABLES }, displayMode: "inline", availableDisplayModes: ["inline"],
    containerDimensions: { width: options.width, maxHeight: 900 }, toolInfo: { tool }, platform: "web",
  };
  bridge = new AppBridge(client, { name: "views-run", version: "1" },
    { serverTools: {}, serverResources: {}, openLinks: {}, logging: {} }, { hostContext: context });
  bridge.addEventListener("sizechange", ({ height }) => {
    said.push({ event: "size", height });
    if (height) frame.style.height = `${Math.min(height, 900)}px`;
  });
  const done = new Promise((resolve) => {
    bridge.addEventListener("sandboxready", () => bridge.sendSandboxResourceReady({ html: page.text, sandbox: options.sandbox }));
    bridge.addEventListener("initialized", async () => {
      await bridge.sendToolInput({ arguments: options.args });
      await bridge.sendToolResult(await result);
      resolve();
    });
  });
  // The frame starts only when someone listens.
  const csp = encodeURIComponent(JSON.stringify(page._meta.ui.csp));
  frame.src = `${options.sandboxOrigin}/sandbox?csp=${csp}`;
  const window_ = frame.contentWindow;
  addEventListener("message", ({ source, data }) => {
    if (source === window_ && data?.jsonrpc === "2.0") said.push({ from: "view", ...data });
  });
  await bridge.connect(new PostMessageTransport(window_, window_));
  bridge.oncalltool = async (params) => {
    const asked = tools.find(({ name }) => name === params.name);
    if (!(asked?._meta?.ui?.visibility ?? ["model", "app"]).includes("app")) throw new Error(`${params.name} is not for views`);
    return client.callTool(params);
  };
  await done;
  return {
    protocol: client.getNegotiatedProtocolVersion(), extensions: client.getServerCapabilities().extensions,
    mimeType: page.mimeType, sameUri: page.uri === uri, sameMeta: JSON.stringify(listed._meta) === JSON.stringify(page._meta),
    result: await result,
  };
}

window.host = {
  call, open, said,
  setTheme(theme) {
    document.documentElement.style.colorScheme = theme;
    context = { ...context, theme };
    bridge.setHostContext(context);
  },
  setWidth(width) {
    frame.style.width = `${width}px`;
  },
  teardown: () => bridge.teardownResource({}, { timeout: 2000 }),
};
