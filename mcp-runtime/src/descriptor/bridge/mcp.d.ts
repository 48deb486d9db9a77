// Types of the bridge, for editors: put this file beside a page's script, or write
// /// <reference path="…/mcp.d.ts" /> at the script's top.

/** What a tool answers (`CallToolResult`). */
interface McpToolResult<T = Record<string, unknown>> {
  content: Array<{ type: string; text?: string; [key: string]: unknown }>;
  structuredContent?: T;
  isError?: boolean;
  _meta?: Record<string, unknown>;
}

/** What the host says of itself (`McpUiHostContext`); it may leave out anything. */
interface McpHostContext {
  theme?: "light" | "dark";
  styles?: { variables?: Record<string, string>; css?: { fonts?: string } };
  displayMode?: "inline" | "fullscreen" | "pip";
  availableDisplayModes?: Array<"inline" | "fullscreen" | "pip">;
  containerDimensions?: { width?: number; height?: number; maxWidth?: number; maxHeight?: number };
  locale?: string;
  timeZone?: string;
  [key: string]: unknown;
}

/** The answer to the handshake (`McpUiInitializeResult`). */
interface McpHost {
  protocolVersion: string;
  hostInfo: { name: string; version: string };
  hostCapabilities: {
    serverTools?: object;
    serverResources?: object;
    openLinks?: object;
    message?: object;
    updateModelContext?: object;
    [key: string]: unknown;
  };
  hostContext?: McpHostContext;
}

interface McpEvents {
  /** The arguments of the call that opened the view. */
  toolinput: { arguments?: Record<string, unknown> };
  /** The same while the model still writes them. */
  toolinputpartial: { arguments?: Record<string, unknown> };
  /** The result of that call. */
  toolresult: McpToolResult<any>;
  /** The call was given up. */
  toolcancelled: { reason?: string };
  /** The theme, the size or anything else of the host changed: the whole of it. */
  hostcontextchanged: McpHostContext;
  /** The host is about to remove the view; it waits for the handlers. */
  teardown: { reason?: string };
}

declare const mcp: {
  /** The host, once hands are shaken; `null` where the page is open without one. Rejects where the host refuses. */
  readonly ready: Promise<McpHost | null>;
  /** What the host has said of itself so far. */
  readonly context: McpHostContext;
  /** What the view can be shown as; set it in a script of the page. */
  displayModes: Array<"inline" | "fullscreen" | "pip">;
  /** Calls `handle` for each event; at once, if there was one before. */
  on<E extends keyof McpEvents>(event: E, handle: (value: McpEvents[E]) => void | Promise<void>): void;
  /** Calls a tool of this server through the host. Rejects with the JSON-RPC error; a tool that fails has `isError`. */
  callTool<T = Record<string, unknown>>(name: string, args?: Record<string, unknown>): Promise<McpToolResult<T>>;
  /** Reads a resource of this server. */
  readResource(uri: string): Promise<{ contents: Array<{ uri: string; text?: string; blob?: string }> }>;
  /** Asks the host to open a link. */
  openLink(url: string): Promise<{ isError?: boolean }>;
  /** Says something in the chat, as the user. */
  sendMessage(text: string): Promise<{ isError?: boolean }>;
  /** Tells the model what the view shows, for its next turn. */
  updateModelContext(params: { content?: object[]; structuredContent?: object }): Promise<object>;
  /** Asks for another display mode; the answer is the one that it got. */
  requestDisplayMode(mode: "inline" | "fullscreen" | "pip"): Promise<{ mode: string }>;
  /** A line for the host's log. */
  log(data: unknown, level?: "debug" | "info" | "warning" | "error"): void;
  /** Any request of MCP Apps. */
  request(method: string, params?: object): Promise<any>;
  /** Any notification. */
  notify(method: string, params?: object): void;
};
