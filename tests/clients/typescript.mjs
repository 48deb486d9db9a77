// The official TypeScript client (`@modelcontextprotocol/client`), end to end.
//
//   typescript.mjs walk legacy|modern   the whole way, on one wire
//   typescript.mjs login                signs in and keeps everything in STATE_DIR
//   typescript.mjs resume               in a new process, after the server's death: refreshes and calls

import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import fs from "node:fs";
import http from "node:http";
import { promisify } from "node:util";

import { Client, StreamableHTTPClientTransport, UnauthorizedError } from "@modelcontextprotocol/client";

import { assert, checkTools, ok, setting, textOf } from "./report.mjs";

const run = promisify(execFile);
const url = new URL(setting("MCP_URL"));
const signIn = setting("SIGN_IN");
const stateFile = `${setting("STATE_DIR")}/typescript.json`;

/** Keeps client, tokens and verifier in a file, as a command-line program would. */
class FileProvider {
  constructor(redirectUrl) {
    this.redirectUrl = redirectUrl;
    this.saved = fs.existsSync(stateFile) ? JSON.parse(fs.readFileSync(stateFile, "utf8")) : {};
  }
  save(change) {
    Object.assign(this.saved, change);
    fs.writeFileSync(stateFile, JSON.stringify(this.saved));
  }
  get clientMetadata() {
    return {
      client_name: "TypeScript client",
      redirect_uris: [this.redirectUrl],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
    };
  }
  state() {
    this.save({ state: randomUUID() });
    return this.saved.state;
  }
  clientInformation() { return this.saved.client; }
  saveClientInformation(client) { this.save({ client }); }
  tokens() { return this.saved.tokens; }
  saveTokens(tokens) { this.save({ tokens }); }
  codeVerifier() { return this.saved.verifier; }
  saveCodeVerifier(verifier) { this.save({ verifier }); }
  discoveryState() { return this.saved.discovery; }
  saveDiscoveryState(discovery) { this.save({ discovery }); }
  async redirectToAuthorization(authorizationUrl) { this.authorizationUrl = authorizationUrl; }
}

function client(era) {
  const mode = era === "modern" ? { pin: "2026-07-28" } : "legacy";
  return new Client({ name: "typescript", version: "1.0.0" }, { versionNegotiation: { mode } });
}

/** A loopback listener for the redirect: its address, and a promise of the query that arrives. */
async function callback() {
  let arrived;
  const params = new Promise((resolve) => (arrived = resolve));
  const server = http.createServer((request, response) => {
    const target = new URL(request.url, "http://127.0.0.1");
    response.end("done");
    if (target.pathname === "/callback") arrived(target.searchParams);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { uri: `http://127.0.0.1:${server.address().port}/callback`, params, close: () => server.close() };
}

async function withoutToken(era) {
  const refused = await client(era).connect(new StreamableHTTPClientTransport(url)).then(
    () => assert.fail("a client without a token was let in"),
    (error) => error,
  );
  assert.match(`${refused.status ?? ""} ${refused.message}`, /401|unauthorized/i);
  ok("refused without a token", refused.message.slice(0, 60));
}

async function login(era) {
  const listener = await callback();
  try {
    const provider = new FileProvider(listener.uri);
    const first = new StreamableHTTPClientTransport(url, { authProvider: provider });
    await assert.rejects(client(era).connect(first), UnauthorizedError);
    assert.ok(provider.authorizationUrl, "the server's metadata led to an authorization URL");
    ok("discover", provider.authorizationUrl.origin);
    assert.ok(provider.saved.client?.client_id);
    ok("register", provider.saved.client.client_id);

    const browser = run(signIn, [provider.authorizationUrl.href]);
    const params = await Promise.race([listener.params, browser.then(() => listener.params)]);
    await browser;
    assert.equal(params.get("state"), provider.saved.state);
    assert.equal(params.get("iss"), provider.authorizationUrl.origin);
    ok("sign in", "code, state and iss came back");

    await first.finishAuth(params);
    assert.ok(provider.saved.tokens?.access_token && provider.saved.tokens.refresh_token);
    ok("token", `expires in ${provider.saved.tokens.expires_in} s`);
    return provider;
  } finally {
    listener.close();
  }
}

async function connect(provider, era) {
  const mcp = client(era);
  await mcp.connect(new StreamableHTTPClientTransport(url, { authProvider: provider }));
  return mcp;
}

async function callTools(mcp) {
  const { tools } = await mcp.listTools();
  checkTools({
    names: tools.map((tool) => tool.name),
    dice: await mcp.callTool({ name: "roll_dice", arguments: {} }),
    card: await mcp.callTool({ name: "greeting_card", arguments: {} }),
  });
}

/** Spoils the access token; the next call must succeed by way of the refresh token, without any user. */
async function refresh(provider, call) {
  const before = provider.saved.tokens;
  const id = provider.saved.client.client_id;
  provider.save({ tokens: { ...before, access_token: `${before.access_token}x` } });
  assert.match(textOf(await call()), /alice/);
  const after = provider.saved.tokens;
  assert.notEqual(after.refresh_token, before.refresh_token, "the refresh token rotates");
  assert.equal(provider.saved.client.client_id, id, "the client stays registered");
  assert.equal(provider.authorizationUrl, undefined, "nobody is asked to sign in again");
  ok("refresh", "a new access token and a new refresh token");
}

async function walk(era) {
  await withoutToken(era);
  const provider = await login(era);
  delete provider.authorizationUrl;
  const mcp = await connect(provider, era);
  ok("connect", `${era}, ${mcp.getServerVersion()?.name}`);
  await callTools(mcp);
  await refresh(provider, () => mcp.callTool({ name: "roll_dice", arguments: { sides: 20 } }));
  await mcp.close();
}

async function resume() {
  const provider = new FileProvider("http://127.0.0.1:1/callback");
  assert.ok(provider.saved.tokens, "login ran before");
  await refresh(provider, async () => {
    const mcp = await connect(provider, "modern");
    const result = await mcp.callTool({ name: "roll_dice", arguments: {} });
    await mcp.close();
    return result;
  });
}

const [, , phase, era] = process.argv;
switch (phase) {
  case "walk": await walk(era); break;
  case "login": await login("modern"); break;
  case "resume": await resume(); break;
  default: throw new Error(`unknown phase ${phase}`);
}
