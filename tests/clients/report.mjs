// What each walk prints: one line per step that held, so that a failure shows how far it came.

import assert from "node:assert/strict";

export { assert };

/** Reports that a step held. */
export function ok(step, detail = "") {
  console.log(`ok ${step}${detail ? `: ${detail}` : ""}`);
}

/** The environment that the runner gives to each walk. */
export function setting(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run this by \`cargo xtask test e2e\``);
  return value;
}

/** What both tools must answer to alice, whichever client asks. */
export function checkTools({ names, dice, card }) {
  for (const name of ["roll_dice", "greeting_card"]) {
    assert.ok(names.includes(name), `the list has ${name}: ${names}`);
  }
  ok("list", names.join(", "));
  assert.match(textOf(dice), /^alice rolled a \d+ \(1–6\)\.$/);
  ok("call roll_dice", textOf(dice));
  assert.match(textOf(card), /alice/);
  assert.equal(card.structuredContent?.username, "alice");
  ok("call greeting_card", textOf(card));
}

export function textOf(result) {
  assert.notEqual(result.isError, true, JSON.stringify(result));
  return result.content.filter((block) => block.type === "text").map((block) => block.text).join("\n");
}
