import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { kinds, states } from "../assets/lib/state.js";
import { contrast, difference, sights } from "./colour.js";

const css = readFileSync(new URL("../assets/css/tokens.css", import.meta.url), "utf8");
/** @type {Record<string, Record<string, string>>} */
const themes = { light: {}, dark: {} };
for (const [, name, light, dark] of css.matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g)) {
  if (!name || !light || !dark) continue;
  Object.assign(themes.light ?? {}, { [name]: light });
  Object.assign(themes.dark ?? {}, { [name]: dark });
}
const tones = ["work", "wait", "backoff", "database", "outbox", "error", "injected", "done"];
const grounds = ["ground", "surface", "raised", "hover"];

for (const [theme, colours] of Object.entries(themes)) {
  const of = (/** @type {string} */ name) => {
    assert.ok(colours[name], `${name} is no token`);
    return colours[name] ?? "";
  };
  const atLeast = (/** @type {number} */ least, /** @type {string} */ a, /** @type {string} */ b) => {
    const found = contrast(of(a), of(b));
    assert.ok(found >= least, `${theme}: ${a} on ${b} is ${found.toFixed(2)}, not ${least}`);
  };

  test(`texts can be read in the ${theme} theme`, () => {
    for (const ground of [...grounds, "sunken", "chosen"]) for (const ink of ["ink", "ink-2"]) atLeast(4.5, ink, ground);
    for (const tone of tones) for (const ground of [...grounds, `${tone}-soft`]) atLeast(4.5, `${tone}-text`, ground);
    atLeast(4.5, "inverse", "ink");
    for (const tone of tones) atLeast(4.5, "ink", `${tone}-soft`);
    atLeast(4.5, "ink-2", "injected-soft");
  });

  test(`graphics can be seen in the ${theme} theme`, () => {
    for (const tone of tones) for (const ground of [...grounds, `${tone}-soft`]) atLeast(3, tone, ground);
    for (const ground of grounds) for (const line of ["edge", "focus"]) atLeast(3, line, ground);
  });

  test(`meanings differ for every sight in the ${theme} theme`, () => {
    // Greys are told apart by pattern: database is solid, the outbox is striped.
    const strong = tones.filter((tone) => tone !== "database" && tone !== "outbox");
    for (const sight of sights) for (const [i, a] of strong.entries()) for (const b of strong.slice(i + 1)) {
      const found = difference(of(a), of(b), sight);
      assert.ok(found >= 10, `${theme}, ${sight}: ${a} and ${b} differ by ${found.toFixed(1)}, not 10`);
    }
  });
}

test("each state and each kind has its own icon or colour", () => {
  for (const all of [states, kinds]) {
    const looks = Object.values(all).map((look) => `${look.icon} ${look.tone}`);
    assert.equal(new Set(looks).size, looks.length, looks.join(", "));
    for (const look of Object.values(all)) assert.ok(tones.includes(look.tone), look.tone);
  }
  assert.equal(new Set(Object.values(states).map((look) => look.icon)).size, Object.keys(states).length, "states differ by shape alone");
});
