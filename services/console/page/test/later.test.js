import assert from "node:assert/strict";
import { test } from "node:test";
import { later } from "../assets/lib/later.js";

test("a part is made once, and again after a failure", async () => {
  let tries = 0;
  const part = later(async () => {
    if (++tries === 1) throw new Error("no network");
    return { tries };
  });
  assert.equal(part.now(), null);
  await assert.rejects(part.load(), /no network/);
  assert.equal(part.now(), null);
  const [one, other] = await Promise.all([part.load(), part.load()]);
  assert.equal(one, other);
  assert.equal(part.now(), one);
  assert.equal(tries, 2);
});
