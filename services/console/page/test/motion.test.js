import assert from "node:assert/strict";
import { test } from "node:test";
import { aim, ease, lasts, step } from "../assets/journeys/motion.js";

const dot = () => ({ x: 0, y: 0, fromX: 0, fromY: 0, toX: 0, toY: 0, at: 0 });

test("a dot moves to its place and rests there", () => {
  const one = dot();
  aim(one, { x: 100, y: 50 }, 1000, false);
  assert.equal(step(one, 1000 + lasts / 2), true);
  assert.deepEqual([one.x, one.y], [50, 25]);
  assert.equal(step(one, 1000 + lasts), false);
  assert.deepEqual([one.x, one.y], [100, 50]);
  assert.equal(step(one, 9000), false);
});

test("a dot that is sent elsewhere turns where it is", () => {
  const one = dot();
  aim(one, { x: 100, y: 0 }, 0, false);
  step(one, lasts / 2);
  aim(one, { x: 0, y: 0 }, lasts / 2, false);
  assert.equal(one.fromX, 50);
  aim(one, { x: 0, y: 0 }, lasts, false);
  assert.equal(one.at, lasts / 2, "the same aim again does not start again");
});

test("without animation a dot is there at once", () => {
  const one = dot();
  aim(one, { x: 7, y: 8 }, 1000, true);
  assert.deepEqual([one.x, one.y, step(one, 1000)], [7, 8, false]);
});

test("the movement starts and ends gently", () => {
  assert.deepEqual([ease(0), ease(0.5), ease(1)], [0, 0.5, 1]);
  assert.ok(ease(0.1) < 0.1 && ease(0.9) > 0.9);
});
