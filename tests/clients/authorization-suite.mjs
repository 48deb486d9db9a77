// The official conformance suite's `authorization` command against a running server, without a hand on it: a client
// registers itself, the suite prints the address that a user is to open, and the user of sign-in.mjs signs in there.
//
// SUITE is the suite's program, MCP_URL the endpoint, RESULTS a directory; `--resource` names the resource too.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import http from "node:http";
import readline from "node:readline";

import { deliver, signIn } from "./sign-in.mjs";

const endpoint = new URL(setting("MCP_URL"));
const withResource = process.argv.includes("--resource");

function setting(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run this by \`cargo xtask test conformance\``);
  return value;
}

async function freePort() {
  const server = http.createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const port = await freePort();
const registration = await fetch(`${endpoint.origin}/register`, {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({
    client_name: "Conformance suite",
    redirect_uris: [`http://127.0.0.1:${port}/callback`],
    token_endpoint_auth_method: "none",
  }),
});
assert.equal(registration.status, 201);
const { client_id } = await registration.json();

const args = [
  setting("SUITE"), "authorization", "--url", endpoint.origin, "--client-id", client_id, "--port", `${port}`,
  "--output-dir", setting("RESULTS"),
];
if (withResource) args.push("--resource", endpoint.href);
const suite = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
const ended = new Promise((resolve) => suite.on("close", resolve));
for await (const line of readline.createInterface({ input: suite.stdout })) {
  console.log(`  ${line}`);
  if (line.startsWith(`${endpoint.origin}/authorize?`)) {
    assert.equal(new URL(line).searchParams.get("resource"), withResource ? endpoint.href : null);
    await deliver(await signIn(line));
  }
}
assert.equal(await ended, 0, "the suite is content");
