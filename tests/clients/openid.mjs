// An OpenID provider that others wrote (oidc-provider), on loopback, and two servers of ours before it: one lets its
// users sign in there, the other is a resource server that takes the provider's own access tokens.

import { createHash, randomBytes, randomUUID } from "node:crypto";
import http from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

import { SignJWT, calculateJwkThumbprint, exportJWK, generateKeyPair } from "jose";
import Provider from "oidc-provider";

import { assert, ok, setting } from "./report.mjs";
import { Browser } from "./sign-in.mjs";

const ISSUER = setting("ISSUER");
const EMBEDDED = setting("MCP_URL");
const RESOURCE = setting("RESOURCE_URL");
const CALLBACK = "http://127.0.0.1:41997/cb";

// --- the provider

async function signingKey(kid) {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  return { ...(await exportJWK(privateKey)), kid, use: "sig", alg: "ES256" };
}

async function provider(kid) {
  const made = new Provider(ISSUER, {
    jwks: { keys: [await signingKey(kid)] },
    cookies: { keys: ["only for this walk"] },
    clients: [
      {
        client_id: "mcp-server",
        client_secret: setting("OPENID_CLIENT_SECRET"),
        redirect_uris: [new URL("/login/callback", EMBEDDED).href],
        id_token_signed_response_alg: "ES256",
      },
      {
        client_id: "an-app",
        token_endpoint_auth_method: "none",
        application_type: "native",
        redirect_uris: [CALLBACK],
        id_token_signed_response_alg: "ES256",
      },
    ],
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, preferred_username: id }) }),
    claims: { openid: ["sub"], profile: ["preferred_username"] },
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    features: {
      dPoP: { enabled: true },
      devInteractions: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => undefined,
        useGrantedResource: () => true,
        getResourceServerInfo: (_, resource) => {
          assert.equal(resource, RESOURCE, "the resource that a client asks for");
          return { scope: "read", audience: resource, accessTokenFormat: "jwt", jwt: { sign: { alg: "ES256" } } };
        },
      },
    },
  });
  return made.callback();
}

let answer;
const listener = http.createServer((request, response) => answer(request, response));

async function serve(kid) {
  answer = await provider(kid);
  if (!listener.listening) {
    await new Promise((resolve) => listener.listen(Number(new URL(ISSUER).port), "127.0.0.1", resolve));
  }
}

// --- a client, from the field's own parts

const form = (fields) => ({
  method: "POST",
  headers: { "Content-Type": "application/x-www-form-urlencoded" },
  body: new URLSearchParams(fields),
});

async function json(response, status = 200) {
  const text = await response.text();
  assert.equal(response.status, status, text);
  return JSON.parse(text);
}

/** A proof of possession, as the library that oidc-provider uses signs it. */
async function proof({ publicKey, privateKey }, url, token) {
  const claims = { htm: "POST", htu: url, jti: randomUUID() };
  if (token) claims.ath = createHash("sha256").update(token).digest("base64url");
  return new SignJWT(claims)
    .setProtectedHeader({ typ: "dpop+jwt", alg: "ES256", jwk: await exportJWK(publicKey) })
    .setIssuedAt()
    .sign(privateKey);
}

function call(url, token, { scheme = "Bearer", ...headers } = {}) {
  return fetch(url, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      Accept: "application/json, text/event-stream",
      "MCP-Protocol-Version": "2026-07-28",
      "Mcp-Method": "tools/call",
      "Mcp-Name": "whoami",
      ...(token ? { Authorization: `${scheme} ${token}` } : {}),
      ...headers,
    },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: {
        name: "whoami",
        arguments: {},
        _meta: {
          "io.modelcontextprotocol/protocolVersion": "2026-07-28",
          "io.modelcontextprotocol/clientInfo": { name: "walk", version: "1" },
          "io.modelcontextprotocol/clientCapabilities": {},
        },
      },
    }),
  });
}

async function says(response, name) {
  const { result } = await json(response);
  assert.equal(result.content[0].text, name);
}

/** Fills in each page of one server until it sends the browser to another. */
async function through(browser, page, user) {
  for (let pages = 0; page.left === undefined; pages++) {
    assert.ok(page.status === 200 && pages < 5, `stuck on ${page.url.href} (${page.status}): ${page.text.slice(0, 500)}`);
    page = await browser.submit(page, ({ type }) =>
      type === "password" ? "any, it is a provider for tests" : ["text", "email"].includes(type) ? user : undefined);
  }
  return page.left;
}

function authorization(endpoint, verifier, fields) {
  const url = new URL(endpoint);
  url.search = new URLSearchParams({
    response_type: "code",
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
    state: "a-state",
    ...fields,
  });
  return url;
}

const verifier = () => randomBytes(32).toString("base64url");

// --- users of the provider's at our authorization server

async function signInUpstream() {
  const metadata = await json(await fetch(new URL("/.well-known/oauth-authorization-server", EMBEDDED)));
  const registration = await json(
    await fetch(metadata.registration_endpoint, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ client_name: "Walk", redirect_uris: [CALLBACK], token_endpoint_auth_method: "none" }),
    }),
    201,
  );
  const secret = verifier();
  const client = { client_id: registration.client_id, redirect_uri: CALLBACK };
  const browser = new Browser();
  const consent = await browser.open(authorization(metadata.authorization_endpoint, secret, client));
  assert.match(consent.text, /Walk/);
  assert.doesNotMatch(consent.text, /<input[^>]*password/, "the password is the provider's to ask");
  ok("consent comes first, without a password");
  const toProvider = await through(browser, consent, "");
  assert.equal(toProvider.origin, ISSUER);
  assert.equal(toProvider.searchParams.get("code_challenge_method"), "S256");
  assert.ok(toProvider.searchParams.get("nonce") && toProvider.searchParams.get("state"));
  const back = await through(browser, await browser.open(toProvider), "carol");
  assert.equal(back.origin + back.pathname, new URL("/login/callback", EMBEDDED).href);
  ok("the provider signs the user in");
  // Another browser with the right state gets nothing, and takes nothing from the one that consented.
  const stranger = await new Browser().request("GET", back);
  assert.ok(stranger.status >= 400 && stranger.location === undefined, `${stranger.status}`);
  ok("the way back is for the browser that consented");
  const { left } = await browser.open(back);
  assert.equal(left.origin + left.pathname, CALLBACK);
  assert.equal(left.searchParams.get("state"), "a-state");
  assert.equal(left.searchParams.get("iss"), metadata.issuer);
  const again = await browser.open(back);
  assert.ok(again.status >= 400 && again.left === undefined, "the way back works once");
  ok("the way back works once");

  const keys = await generateKeyPair("ES256");
  const grant = { grant_type: "authorization_code", code: left.searchParams.get("code"), code_verifier: secret, ...client };
  const request = form(grant);
  request.headers.DPoP = await proof(keys, metadata.token_endpoint);
  const tokens = await json(await fetch(metadata.token_endpoint, request));
  assert.equal(tokens.token_type, "DPoP");
  const answer = await call(EMBEDDED, tokens.access_token, {
    scheme: "DPoP",
    DPoP: await proof(keys, EMBEDDED, tokens.access_token),
  });
  await says(answer, "carol");
  ok("the tool sees the provider's user", "by a token bound with a proof of jose's");
  const stolen = await call(EMBEDDED, tokens.access_token);
  assert.equal(stolen.status, 401);
  ok("the bound token alone is refused");
}

// --- the provider's tokens at our resource server

async function tokenFromProvider(keys) {
  const challenge = (await call(RESOURCE)).headers.get("www-authenticate");
  const [, described] = challenge.match(/resource_metadata="([^"]+)"/);
  const resource = await json(await fetch(described));
  assert.deepEqual(resource.authorization_servers, [ISSUER]);
  assert.equal(resource.resource, RESOURCE);
  const metadata = await json(await fetch(`${ISSUER}/.well-known/openid-configuration`));
  const secret = verifier();
  const client = { client_id: "an-app", redirect_uri: CALLBACK };
  const asked = { ...client, scope: "openid read", resource: RESOURCE };
  const browser = new Browser();
  const start = await browser.open(authorization(metadata.authorization_endpoint, secret, asked));
  const left = await through(browser, start, "dave");
  const code = left.searchParams.get("code");
  assert.ok(code, `${left}`);
  const grant = { grant_type: "authorization_code", code, code_verifier: secret, resource: RESOURCE, ...client };
  const request = form(grant);
  if (keys) request.headers.DPoP = await proof(keys, metadata.token_endpoint);
  return json(await fetch(metadata.token_endpoint, request));
}

async function whileAway() {
  // The shape of a token is judged first: only one that could be good is worth asking the issuer.
  const { privateKey } = await generateKeyPair("ES256");
  const token = await new SignJWT({ scope: "read", client_id: "an-app" })
    .setProtectedHeader({ typ: "at+jwt", alg: "ES256", kid: "first" })
    .setIssuer(ISSUER).setAudience(RESOURCE).setSubject("dave").setIssuedAt().setExpirationTime("5m")
    .sign(privateKey);
  const away = await call(RESOURCE, token);
  assert.equal(away.status, 503);
  assert.ok(Number(away.headers.get("retry-after")) > 0);
  ok("while the issuer is away the answer is 503 with Retry-After");
  return token;
}

/** Calls until the answer is another than that status: keys are looked for once in ten seconds. */
async function callUntilNot(status, token) {
  for (let tries = 0; ; tries++) {
    const answer = await call(RESOURCE, token);
    if (answer.status !== status || tries === 30) return answer;
    await sleep(1000);
  }
}

async function resourceServer(forged) {
  const first = await tokenFromProvider();
  await says(await callUntilNot(503, first.access_token), "dave");
  ok("a token of the provider's is taken");
  assert.equal((await call(RESOURCE, first.id_token)).status, 401);
  ok("its ID token is none");
  assert.equal((await call(RESOURCE, forged)).status, 401);
  ok("a token by another key of that name is none");

  const keys = await generateKeyPair("ES256");
  const bound = await tokenFromProvider(keys);
  assert.equal(bound.token_type, "DPoP");
  const { cnf } = JSON.parse(Buffer.from(bound.access_token.split(".")[1], "base64url"));
  assert.equal(cnf.jkt, await calculateJwkThumbprint(await exportJWK(keys.publicKey)));
  const headers = { scheme: "DPoP", DPoP: await proof(keys, RESOURCE, bound.access_token) };
  await says(await call(RESOURCE, bound.access_token, headers), "dave");
  assert.equal((await call(RESOURCE, bound.access_token)).status, 401);
  ok("a token that the provider bound needs its proof");

  // One that the server has not seen: what it has is looked at again within a minute.
  const late = await tokenFromProvider();
  await serve("second");
  const second = await tokenFromProvider();
  await says(await callUntilNot(401, second.access_token), "dave");
  ok("a new key is found");
  assert.equal((await call(RESOURCE, late.access_token)).status, 401);
  ok("the key that is gone counts no more");
}

const forged = await whileAway();
await serve("first");
await signInUpstream();
await resourceServer(forged);
listener.close();
listener.closeAllConnections();
