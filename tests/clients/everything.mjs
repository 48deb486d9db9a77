// The official TypeScript client through all that the everything server serves: `everything.mjs legacy|modern`.
// The server is at `MCP_URL`, or is the program `MCP_COMMAND`, spoken to over stdio.

import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";

import { assert, ok, setting, textOf } from "./report.mjs";

const era = process.argv[2];
const modern = era === "modern";
const mode = modern ? { pin: "2026-07-28" } : "legacy";
const capabilities = { sampling: {}, roots: {}, elicitation: { form: {}, url: {} } };
const mcp = new Client({ name: "everything", version: "1.0.0" }, { capabilities, versionNegotiation: { mode } });

/** What a willing user puts into a form. */
function fill({ properties }) {
  const value = (field) =>
    field.default ?? field.enum?.[0] ?? field.oneOf?.[0].const ??
    { array: () => [value(field.items?.anyOf ? { enum: [field.items.anyOf[0].const] } : field.items)], boolean: () => true, string: () => "Alice" }[field.type]?.() ?? 0;
  return Object.fromEntries(Object.entries(properties).map(([name, field]) => [name, value(field)]));
}

const asked = [];
mcp.setRequestHandler("elicitation/create", async ({ params }) => {
  asked.push(params.mode === "url" ? "url" : "form");
  return params.mode === "url" ? { action: "accept" } : { action: "accept", content: fill(params.requestedSchema) };
});
mcp.setRequestHandler("sampling/createMessage", async () => {
  asked.push("sampling");
  return { role: "assistant", model: "none", content: { type: "text", text: "Paris" } };
});
mcp.setRequestHandler("roots/list", async () => {
  asked.push("roots");
  return { roots: [{ uri: "file:///tmp", name: "tmp" }] };
});
/** Resolves at the next notification of a method. */
const waiting = new Map();
const next = (method) => new Promise((resolve) => waiting.set(method, resolve));
const logged = [];
mcp.setNotificationHandler("notifications/message", async ({ params }) => logged.push(params));
for (const what of ["tools/list_changed", "prompts/list_changed", "resources/updated"]) {
  const method = `notifications/${what}`;
  mcp.setNotificationHandler(method, async (message) => waiting.get(method)?.(message.params));
}

const call = (name, args = {}, options) => mcp.callTool({ name, arguments: args }, options);
const kinds = async (name) => (await call(name)).content.map((block) => block.type);

const command = process.env.MCP_COMMAND;
await mcp.connect(command
  ? new StdioClientTransport({ command, args: ["serve", "--stdio"], stderr: "ignore" })
  : new StreamableHTTPClientTransport(new URL(setting("MCP_URL"))));
ok("connect", `${era}, ${mcp.getServerVersion()?.name}`);

const names = (await mcp.listTools()).tools.map((tool) => tool.name);
assert.ok(names.length > 25, names.join());
ok("tools", `${names.length}`);
assert.match(textOf(await call("test_simple_text")), /simple text/);
assert.deepEqual(await kinds("test_image_content"), ["image"]);
assert.deepEqual(await kinds("test_audio_content"), ["audio"]);
assert.deepEqual(await kinds("test_embedded_resource"), ["resource"]);
assert.deepEqual(await kinds("test_multiple_content_types"), ["text", "image", "resource"]);
assert.equal((await call("test_error_handling")).isError, true);
ok("results of all kinds");
await assert.rejects(call("no_such_tool"), /no_such_tool/);
ok("an unknown tool is an error");

const progress = [];
await call("test_tool_with_progress", {}, { onprogress: ({ progress: done }) => progress.push(done) });
assert.deepEqual(progress, [0, 50, 100]);
ok("progress", progress.join());

if (!modern) await mcp.setLoggingLevel("debug");
// The newer wire asks with each request; this client has no verb for it.
const meta = modern ? { _meta: { "io.modelcontextprotocol/logLevel": "debug" } } : {};
await mcp.callTool({ name: "test_tool_with_logging", ...meta });
assert.equal(logged.length, 3);
ok("logging", `${logged.length} messages`);

const { resources } = await mcp.listResources();
const text = await mcp.readResource({ uri: "test://static-text" });
assert.match(text.contents[0].text, /static text/);
assert.ok((await mcp.readResource({ uri: "test://static-binary" })).contents[0].blob);
ok("resources", resources.map((resource) => resource.uri).join(" "));
const { resourceTemplates } = await mcp.listResourceTemplates();
assert.equal(resourceTemplates[0].uriTemplate, "test://template/{id}/data");
assert.match((await mcp.readResource({ uri: "test://template/123/data" })).contents[0].text, /123/);
ok("templates");
await assert.rejects(mcp.readResource({ uri: "test://no/such" }), /no\/such/);
ok("an unknown resource is an error");

const { prompts } = await mcp.listPrompts();
assert.ok(prompts.length >= 4);
const prompt = await mcp.getPrompt({ name: "test_prompt_with_arguments", arguments: { arg1: "one", arg2: "two" } });
assert.match(prompt.messages[0].content.text, /one.*two/);
ok("prompts", prompts.map(({ name }) => name).join(" "));
const { completion } = await mcp.complete({
  ref: { type: "ref/prompt", name: "test_prompt_with_arguments" }, argument: { name: "arg1", value: "t" },
});
assert.ok(completion.values.length > 0);
ok("completion", completion.values.join());

assert.match(textOf(await call("test_input_required_result_elicitation")), /Hello, Alice!/);
ok("elicitation by a form");
assert.match(textOf(await call("test_elicitation_sep1034_defaults")), /John Doe/);
assert.match(textOf(await call("test_elicitation_sep1330_enums")), /option1/);
ok("elicitation of every kind of field");
assert.match(textOf(await call("test_elicitation_url")), /went/);
ok("elicitation by a url");
assert.match(textOf(await call("test_sampling", { prompt: "Capital?" })), /Paris/);
ok("sampling");
assert.match(textOf(await call("test_input_required_result_list_roots")), /1 roots/);
ok("roots");
assert.match(textOf(await call("test_input_required_result_multi_round")), /Alice/);
assert.match(textOf(await call("test_input_required_result_multiple_inputs")), /Alice Paris 1/);
ok("several questions", asked.join(" "));

const stream = modern && await mcp.listen({
  toolsListChanged: true, promptsListChanged: true, resourceSubscriptions: ["test://watched-resource"],
});
if (!modern) await mcp.subscribeResource({ uri: "test://watched-resource" });
for (const [tool, method] of [
  ["test_trigger_tool_change", "notifications/tools/list_changed"],
  ["test_trigger_prompt_change", "notifications/prompts/list_changed"],
  ["test_trigger_resource_update", "notifications/resources/updated"],
]) {
  const change = next(method);
  await call(tool);
  const params = await change;
  if (method.endsWith("updated")) assert.equal(params.uri, "test://watched-resource");
  ok(method);
}
if (stream) await stream.close();
else await mcp.unsubscribeResource({ uri: "test://watched-resource" });

const gone = new AbortController();
const slow = call("test_slow", {}, { signal: gone.signal });
setTimeout(() => gone.abort("no longer wanted"), 200);
await assert.rejects(slow);
assert.match(textOf(await call("test_simple_text")), /simple text/);
ok("cancellation, and the connection lives on");

if (!modern) {
  await mcp.ping();
  ok("ping");
}
await mcp.close();
