// The MCP Inspector's command line, end to end: it runs its own OAuth and keeps its own credentials; we only play its
// browser (it opens `$BROWSER` through xdg-open) and the user in it.

import { spawn } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import { fileURLToPath } from "node:url";

import { assert, checkTools, ok, setting, textOf } from "./report.mjs";

const url = setting("MCP_URL");
const home = setting("STATE_DIR");
const cli = fileURLToPath(import.meta.resolve("@modelcontextprotocol/inspector/package.json"))
  .replace(/package\.json$/, "clients/launcher/build/index.js");

async function freePort() {
  const server = net.createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function inspect(store, era, ...args) {
  const env = {
    ...process.env,
    HOME: home,
    BROWSER: setting("SIGN_IN"),
    MCP_STORAGE_DIR: `${home}/${store}`,
    MCP_INSPECTOR_SECRET_STORE: "file",
    MCP_AUTO_OPEN_ENABLED: "true",
    NO_COLOR: "1",
  };
  for (const desktop of ["DISPLAY", "WAYLAND_DISPLAY", "XDG_CURRENT_DESKTOP"]) delete env[desktop];
  const target = ["--cli", "--server-url", url, "--transport", "http", "--protocol-era", era, "--format", "json"];
  const child = spawn(process.execPath, [cli, ...target, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
  return new Promise((resolve, reject) => {
    let out = "";
    let err = "";
    child.stdout.on("data", (chunk) => (out += chunk));
    child.stderr.on("data", (chunk) => (err += chunk));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, out, err }));
  });
}

async function answer(store, era, ...args) {
  const { code, out, err } = await inspect(store, era, ...args);
  assert.equal(code, 0, `exit code ${code}\n${out}\n${err}`);
  const parsed = JSON.parse(out);
  return parsed.result ?? parsed;
}

/** The Inspector's own record of its tokens, wherever in its storage it lies. */
function tokenFiles(store) {
  return fs.readdirSync(`${home}/${store}`, { recursive: true })
    .map((name) => `${home}/${store}/${name}`)
    .filter((file) => fs.statSync(file).isFile() && fs.readFileSync(file, "utf8").includes("refresh_token"));
}

async function walk(era) {
  const store = `storage-${era}`;
  const refused = await inspect(`empty-${era}`, era, "--method", "tools/list", "--stored-auth-only");
  assert.notEqual(refused.code, 0);
  assert.match(refused.out + refused.err, /auth_required|401/);
  ok("refused without a token", `${era}, exit code ${refused.code}`);

  const callback = `http://127.0.0.1:${await freePort()}/oauth/callback`;
  const listed = await answer(store, era, "--method", "tools/list", "--callback-url", callback);
  ok("discover, register, sign in, token", era);

  const call = (tool, ...args) =>
    answer(store, era, "--method", "tools/call", "--tool-name", tool, "--stored-auth-only", ...args);
  checkTools({
    names: listed.tools.map((tool) => tool.name),
    dice: await call("roll_dice"),
    card: await call("greeting_card"),
  });

  const files = tokenFiles(store);
  assert.ok(files.length > 0, "the Inspector keeps its tokens under MCP_STORAGE_DIR");
  const before = files.map((file) => fs.readFileSync(file, "utf8"));
  for (const [index, file] of files.entries()) {
    fs.writeFileSync(file, before[index].replaceAll(/(access_token\\?"\s*:\s*\\?")[^"\\]+/g, "$1spoiled"));
  }
  assert.match(textOf(await call("roll_dice", "--tool-arg", "sides=20")), /alice/);
  const after = tokenFiles(store).map((file) => fs.readFileSync(file, "utf8"));
  assert.ok(!after.join().includes("spoiled"), "the spoiled token was replaced");
  ok("refresh", "by the stored refresh token, without a browser");
}

await walk("legacy");
await walk("modern");
