import assert from "node:assert/strict";
import { test } from "node:test";
import { clamp, follow, isWhole, pan, ticks, tickText, zoom } from "../assets/views/journey/axis.js";
import { windowOf } from "../assets/views/journey/virtual.js";

const whole = { from: 0, to: 1000 };

test("zooming keeps the time under the pointer", () => {
  assert.deepEqual(zoom(whole, 0.5, 250, whole), { from: 125, to: 625 });
});

test("zooming out ends at the whole", () => {
  assert.deepEqual(zoom({ from: 900, to: 1000 }, 100, 950, whole), whole);
  assert.ok(isWhole(whole, whole));
});

test("zooming in ends at ten microseconds", () => {
  const range = zoom({ from: 10, to: 10.01 }, 0.5, 10, whole);
  assert.ok(Math.abs(range.to - range.from - 0.01) < 1e-9);
});

test("panning stops at the ends", () => {
  assert.deepEqual(pan({ from: 0, to: 100 }, -1, whole), { from: 0, to: 100 });
  assert.deepEqual(pan({ from: 950, to: 1000 }, 1, whole), { from: 950, to: 1000 });
  assert.deepEqual(clamp({ from: -50, to: 50 }, whole), { from: 0, to: 100 });
});

test("what is seen whole stays whole when it grows", () => {
  const grown = { from: 0, to: 2000 };
  assert.deepEqual(follow(whole, whole, grown), grown);
  assert.deepEqual(follow({ from: 10, to: 20 }, whole, grown), { from: 10, to: 20 });
});

test("ticks are round and in the range", () => {
  const { step, list } = ticks({ from: -4, to: 1500 }, 600);
  assert.equal(step, 500);
  assert.deepEqual(list.map((tick) => tick.ms), [0, 500, 1000, 1500]);
  assert.ok(list.every((tick) => tick.at >= 0 && tick.at <= 1));
});

test("ticks of minutes are whole parts of minutes", () => {
  assert.equal(ticks({ from: 0, to: 150_000 }, 600).step, 30_000);
});

test("ticks are written in the unit of their step", () => {
  assert.equal(tickText(0, 500), "0");
  assert.equal(tickText(1500, 500), "1.5 s");
  assert.equal(tickText(20, 10), "20 ms");
  assert.equal(tickText(-0.05, 0.05), "−50 µs");
  assert.equal(tickText(90_000, 30_000), "1 min 30 s");
  assert.equal(tickText(120_000, 60_000), "2 min");
});

test("only rows in sight are drawn", () => {
  assert.deepEqual(windowOf({ top: 3000, height: 600, row: 30, count: 5000, more: 2 }), { from: 98, to: 122 });
  assert.deepEqual(windowOf({ top: -900, height: 600, row: 30, count: 5000 }), { from: 0, to: 0 });
  assert.deepEqual(windowOf({ top: 1e6, height: 600, row: 30, count: 10 }), { from: 10, to: 10 });
});
