#!/usr/bin/env node
// Plays the user and the browser: opens an authorization URL, fills in the login form, follows the way back to the
// client. Usable wherever a program "opens the browser": sign-in.mjs URL
//
// It knows no page of ours by heart. It does what a browser does with any page: keeps cookies per origin, posts the
// first form with its hidden fields, the user's two and its first button, and follows redirects.

import http from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";

const MAX_HOPS = 12;

const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function unescapeHtml(text) {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) =>
    hex ? String.fromCodePoint(parseInt(hex, 16))
      : decimal ? String.fromCodePoint(parseInt(decimal, 10))
        : ENTITIES[name.toLowerCase()] ?? whole);
}

function attributes(tag) {
  const found = {};
  for (const [, name, , double, single, bare] of tag.matchAll(
    /\s([\w:-]+)(\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+)))?/g,
  )) {
    found[name.toLowerCase()] = unescapeHtml(double ?? single ?? bare ?? "");
  }
  return found;
}

/** The first form of a page: where it posts to, its fields and its first button. */
export function firstForm(html) {
  const form = html.match(/<form\b[^>]*>([\s\S]*?)<\/form>/i);
  if (!form) return undefined;
  const opening = attributes(form[0].slice(0, form[0].indexOf(">") + 1));
  const fields = [];
  let pressed = false;
  for (const [tag, element] of form[1].matchAll(/<(input|button)\b[^>]*>/gi)) {
    const { name, type = element === "button" ? "submit" : "text", value = "", ...rest } = attributes(tag);
    if (type === "submit") {
      // One presses one button, the first: also Enter does.
      if (!pressed && name) fields.push({ name, type, value });
      pressed = true;
    } else if (name && !("disabled" in rest) && (!["checkbox", "radio"].includes(type) || "checked" in rest)) {
      fields.push({ name, type, value: value || (type === "checkbox" ? "on" : "") });
    }
  }
  return { action: opening.action ?? "", method: (opening.method ?? "get").toUpperCase(), fields };
}

/** One browser profile: its cookies, and nothing else. */
export class Browser {
  #cookies = new Map();

  request(method, url, body, extra = {}) {
    const jar = this.#cookies.get(url.origin) ?? new Map();
    this.#cookies.set(url.origin, jar);
    const headers = { Accept: "text/html", "User-Agent": "form-driver", ...extra };
    if (jar.size) headers.Cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    if (body !== undefined) {
      headers["Content-Type"] = "application/x-www-form-urlencoded";
      headers["Content-Length"] = Buffer.byteLength(body);
      headers.Origin = url.origin;
      headers["Sec-Fetch-Site"] = "same-origin";
    }
    return new Promise((resolve, reject) => {
      const request = http.request(url, { method, headers, agent: false, timeout: 30_000 }, (response) => {
        for (const cookie of response.headers["set-cookie"] ?? []) {
          const [pair, ...flags] = cookie.split(";").map((part) => part.trim());
          const name = pair.slice(0, pair.indexOf("="));
          const gone = flags.some((flag) => /^max-age=(0|-)/i.test(flag));
          if (gone) jar.delete(name);
          else jar.set(name, pair.slice(name.length + 1));
        }
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk) => (text += chunk));
        response.on("end", () =>
          resolve({ url, status: response.statusCode, location: response.headers.location, headers: response.headers, text }));
        response.on("error", reject);
      });
      request.on("timeout", () => request.destroy(new Error(`no answer from ${url.origin} within 30 s`)));
      request.on("error", reject);
      request.end(body);
    });
  }

  /** Follows redirects up to a page, or to the first address of another origin, which is not fetched. */
  async follow(response) {
    const start = response.url.origin;
    for (let hop = 0; response.location !== undefined; hop++) {
      if (hop === MAX_HOPS) throw new Error(`more than ${MAX_HOPS} redirects from ${start}`);
      const next = new URL(response.location, response.url);
      if (next.origin !== start) return { ...response, left: next };
      response = await this.request("GET", next);
    }
    return response;
  }

  async open(url) {
    return this.follow(await this.request("GET", new URL(url)));
  }

  submit(page, fill) {
    const form = firstForm(page.text);
    if (!form) throw new Error(`no form on ${page.url.pathname} (${page.status}): ${page.text.slice(0, 300)}`);
    const body = new URLSearchParams(form.fields.map((field) => [field.name, fill(field) ?? field.value]));
    const target = new URL(form.action || page.url, page.url);
    return this.request(form.method, target, body.toString()).then((answer) => this.follow(answer));
  }
}

/** Walks from an authorization URL to the redirect that carries the answer; returns that redirect's URL. */
export async function signIn(url, { username = "alice", password = "password123" } = {}) {
  const browser = new Browser();
  let page = await browser.open(url);
  for (let form = 0; page.left === undefined; form++) {
    if (page.status !== 200 || form === 3) {
      throw new Error(`stuck on ${page.url.pathname} with status ${page.status}: ${page.text.slice(0, 600)}`);
    }
    page = await browser.submit(page, ({ type }) =>
      type === "password" ? password : ["text", "email"].includes(type) ? username : undefined);
  }
  return page.left;
}

/** Delivers the answer. A client may still be opening its port: it is given ten seconds. */
export async function deliver(redirect) {
  const browser = new Browser();
  for (let attempt = 0; ; attempt++) {
    try {
      return await browser.request("GET", redirect);
    } catch (error) {
      if (attempt === 50) throw error;
      await sleep(200);
    }
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  try {
    const answer = await deliver(await signIn(process.argv[2]));
    if (answer.status >= 400) throw new Error(`the client answered ${answer.status} to the redirect`);
  } catch (error) {
    console.error(`sign-in: ${error.message}`);
    process.exit(1);
  }
}
