import assert from "node:assert/strict";
import { test } from "node:test";
import { age, ago, bytes, clock, count, duration, listed, percent, rate, short } from "../assets/lib/format.js";

test("duration picks the unit that fits", () => {
  const cases = /** @type {[number, string][]} */ ([
    [0, "0 ms"], [0.04, "0.04 ms"], [0.4, "0.4 ms"], [1.25, "1.3 ms"], [12.4, "12 ms"], [999.4, "999 ms"], [999.6, "1 s"], [1250, "1.25 s"],
    [9994, "9.99 s"], [12340, "12.3 s"], [59949, "59.9 s"], [59960, "1 min"], [125000, "2 min 5 s"], [3600000, "1 h"], [7440000, "2 h 4 min"],
    [90000000, "1 d 1 h"], [-12, "−12 ms"], [NaN, "–"], [Infinity, "–"],
  ]);
  for (const [ms, text] of cases) assert.equal(duration(ms), text, String(ms));
});

test("ages count whole units and never run backwards", () => {
  assert.deepEqual([-5, 999, 61000, 7200000, 200000000].map(age), ["0 s", "0 s", "1 min", "2 h", "2 d"]);
  assert.deepEqual([-5, 500, 12000].map(ago), ["just now", "just now", "12 s ago"]);
});

test("clock writes two digits, and a dash for no date", () => {
  assert.equal(clock(new Date(2025, 0, 2, 3, 4, 5)), "03:04:05");
  assert.equal(clock(new Date(2025, 0, 2, 3, 4, 5, 7), { ms: true }), "03:04:05.007");
  assert.equal(clock("nonsense"), "–");
});

test("numbers get their nouns and units", () => {
  assert.deepEqual([count(1, "order"), count(2, "order"), count(1234, "box", "boxes")], ["1 order", "2 orders", "1,234 boxes"]);
  assert.deepEqual([999, 1500, 64e6, 2.5e9].map(bytes), ["999 B", "1.5 kB", "64 MB", "2.5 GB"]);
  assert.deepEqual([0.25, 4.21, 50.4].map(rate), ["0.25/s", "4.2/s", "50/s"]);
  assert.deepEqual([0, 0.004, 0.5, 1].map(percent), ["0%", "<1%", "50%", "100%"]);
});

test("short keeps both ends, and listed joins words", () => {
  assert.equal(short("0123456789abcdef", 9), "0123…cdef");
  assert.equal(short("short", 9), "short");
  assert.deepEqual([listed([]), listed(["a"]), listed(["a", "b", "c"])], ["", "a", "a, b and c"]);
});
