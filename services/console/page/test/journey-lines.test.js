import assert from "node:assert/strict";
import { test } from "node:test";
import { lines } from "../assets/views/journey/lines.js";
import { foldable, hidden, nothingFolded, reveal, shown } from "../assets/views/journey/folding.js";
import { order, row } from "./journey-data.js";

const names = (all, at) => at.map((i) => all[i].row?.spanId ?? all[i].gap.expected);

test("lines keep the order of the tree", () => {
  const all = lines(order(), null);
  assert.deepEqual(all.map((line) => line.row.spanId), ["a", "b", "c", "d", "e", "f"]);
  assert.deepEqual(all.map((line) => line.depth), [0, 1, 1, 1, 2, 3]);
  assert.deepEqual(all.map((line) => line.end), [6, 2, 3, 6, 6, 6]);
  assert.deepEqual([all[3].place, all[3].siblings], [3, 3]);
});

test("a gap stands below the span after which it was expected", () => {
  const after = { traceId: "t", spanId: "d", name: "send", service: "order" };
  const all = lines(order(), { gaps: [{ after, expected: "process loyalty.x", place: "ready", where: "in its queue" }], unseen: [], unanswered: [] });
  assert.deepEqual(all.map((line) => line.row?.spanId ?? line.gap.expected), ["a", "b", "c", "d", "e", "f", "process loyalty.x"]);
  assert.equal(all[6].parent, 3);
  assert.equal(all[6].depth, 2);
});

test("gaps without a span, or with an unknown one, stand last", () => {
  const gap = (expected, after) => ({ expected, after, place: "unknown", where: "" });
  const all = lines([row("a", -1)], { gaps: [gap("one"), gap("two", { traceId: "t", spanId: "z" })], unseen: [], unanswered: [] });
  assert.deepEqual(all.map((line) => line.gap?.expected ?? "span"), ["span", "one", "two"]);
  assert.equal(new Set(all.map((line) => line.key)).size, 3);
});

test("equal span ids get keys of their own", () => {
  const all = lines([row("a", -1), row("a", 0)], null);
  assert.deepEqual(all.map((line) => line.key), ["t-a", "t-a-2"]);
});

test("a parent that leads nowhere makes a root", () => {
  const all = lines([row("a", 7), row("b", 1), row("c", 2)], null);
  assert.deepEqual(all.map((line) => line.parent), [-1, -1, -1]);
});

test("a chain of 5,000 spans is laid out", () => {
  const all = lines(Array.from({ length: 5000 }, (_, i) => row(String(i), i - 1)), null);
  assert.equal(all[4999].depth, 4999);
  assert.equal(all[0].end, 5000);
});

test("database spans are hidden until asked for", () => {
  const all = lines(order(), null);
  const folding = nothingFolded();
  assert.deepEqual(names(all, shown(all, folding)), ["a", "d", "e"]);
  assert.equal(hidden(all[0], folding), 2);
  folding.opened.add(all[0].key);
  assert.deepEqual(names(all, shown(all, folding)), ["a", "b", "c", "d", "e"]);
  assert.equal(hidden(all[0], folding), 0);
  folding.database = true;
  assert.deepEqual(shown(all, folding).length, 6);
});

test("a database span that has other spans below is shown", () => {
  const all = lines([row("a", -1), row("b", 0, { database: true }), row("c", 1)], null);
  assert.deepEqual(names(all, shown(all, nothingFolded())), ["a", "b", "c"]);
});

test("a folded subtree is hidden, and revealed again", () => {
  const all = lines(order(), null);
  const folding = nothingFolded();
  folding.folded.add("t-a");
  assert.deepEqual(names(all, shown(all, folding)), ["a"]);
  reveal(all, folding, 5);
  assert.deepEqual(names(all, shown(all, folding)), ["a", "d", "e", "f"]);
});

test("a line with hidden database spans only is not foldable", () => {
  const all = lines(order(), null);
  const folding = nothingFolded();
  assert.equal(foldable(all[4], 4, folding), false);
  folding.opened.add("t-e");
  assert.equal(foldable(all[4], 4, folding), true);
});
