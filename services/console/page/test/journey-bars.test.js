import assert from "node:assert/strict";
import { test } from "node:test";
import { extent, gapPart, partsOf } from "../assets/views/journey/bars.js";
import { clip } from "../assets/views/journey/clip.js";
import { lines } from "../assets/views/journey/lines.js";
import { strokes } from "../assets/views/journey/minimap.js";
import { order, row } from "./journey-data.js";

test("a wait ends where the work begins", () => {
  const parts = partsOf(row("a", -1, { startMs: 10, durationMs: 5, wait: { ms: 4, told: false, queue: "q" } }));
  assert.deepEqual(parts, [{ kind: "wait", from: 6, to: 10, guess: true }, { kind: "work", from: 10, to: 15 }]);
});

test("a back-off ends where the wait begins", () => {
  const parts = partsOf(row("a", -1, { startMs: 300, durationMs: 5, wait: { ms: 4, told: true, queue: "q" }, backOff: { ms: 200, after: 1 } }));
  assert.deepEqual(parts.map(({ kind, from, to }) => [kind, from, to]), [["backoff", 100, 296], ["wait", 296, 300], ["work", 300, 305]]);
});

test("a wait since the first send is not drawn over the back-off", () => {
  const parts = partsOf(row("a", -1, { startMs: 300, wait: { ms: 280, told: true, queue: "q" }, backOff: { ms: 200, after: 1, dead: true } }));
  assert.deepEqual(parts.map(({ kind, from, to }) => [kind, from, to]), [["dead", 100, 300], ["work", 300, 310]]);
});

test("numbers that are no times count as 0", () => {
  const parts = partsOf(row("a", -1, { startMs: NaN, durationMs: -5, wait: { ms: Infinity, told: true, queue: "q" } }));
  assert.deepEqual(parts, [{ kind: "work", from: 0, to: 0 }]);
});

test("the axis begins before the first span if its wait does", () => {
  assert.deepEqual(extent(lines([row("a", -1, { wait: { ms: 4, told: true, queue: "q" } })], null)), { from: -4, to: 10 });
  assert.deepEqual(extent([]), { from: 0, to: 1 });
});

test("a missing span is open from the end of the one before", () => {
  const after = { traceId: "t", spanId: "d", name: "send", service: "order" };
  const all = lines(order(), { gaps: [{ after, expected: "x", place: "ready", where: "" }], unseen: [], unanswered: [] });
  assert.deepEqual(gapPart(all, all[6], { from: 0, to: 50 }), { kind: "missing", from: 11, to: 50, open: true });
});

test("the critical path cuts the parts of a bar", () => {
  const parts = partsOf(row("a", -1, { startMs: 10, durationMs: 10, wait: { ms: 5, told: true, queue: "q" } }));
  assert.deepEqual(clip(parts, [[8, 12]]).map(({ kind, from, to }) => [kind, from, to]), [["wait", 8, 10], ["work", 10, 12]]);
  assert.deepEqual(clip(parts, [[30, 40]]), []);
});

test("the minimap draws equal strokes once", () => {
  const rows = Array.from({ length: 5000 }, (_, i) => row(String(i), -1, { startMs: 1, durationMs: 2 }));
  const all = strokes(lines(rows, null), { from: 0, to: 10 }, 20, 500);
  assert.equal(all.length, 20);
  assert.deepEqual(all[0], { kind: "work", lane: 0, from: 0.1, to: 0.3, failed: false });
});

test("the minimap shows a span that is too short to see", () => {
  const all = strokes(lines([row("a", -1, { durationMs: 0.001 })], null), { from: 0, to: 1e6 }, 20, 500);
  assert.equal(all[0].to - all[0].from, 1 / 500);
});
