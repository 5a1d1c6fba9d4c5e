import assert from "node:assert/strict";
import { test } from "node:test";
import { finding } from "../assets/views/compare/finding.js";
import { difference, only, ordered, parts, scale } from "../assets/views/compare/hops.js";
import { around, groupText, withAndWithout } from "../assets/views/compare/groups.js";

const q = (ms, high = ms) => ({ p50Ms: ms, p95Ms: high });
const times = (wait, work, backOff = null, more = {}) => ({ count: 1, wait: wait && q(wait), work: q(work), backOff: backOff && q(backOff), errors: 0, attempts: 1, ...more });
const hop = (queue, a, b) => ({ name: `process ${queue}`, service: queue.split(".")[0], kind: "consumer", queue, depth: 0, a, b });

test("the finding names the kind and the place of the time", () => {
  const hops = [hop("kitchen.order-confirmed", times(3, 100), times(4, 110, 10_100)), hop("delivery.order-boxed", times(3, 5), times(3, 5))];
  assert.equal(finding({ a: 200, b: 10_400, hops, group: false }).head, "B took 10.2 s longer: 10.1 s more back-off before kitchen.order-confirmed.");
});

test("the finding looks at A if A is slower", () => {
  const hops = [hop("kitchen.x", times(900, 10), times(3, 10))];
  assert.equal(finding({ a: 1000, b: 103, hops, group: true }).head, "The median of A is 897 ms longer: 897 ms more wait in the queue kitchen.x.");
});

test("about the same time is said so", () => {
  assert.equal(finding({ a: 300, b: 305, hops: [hop("k.x", times(1, 1), times(1, 1))], group: false }).head, "A and B took about the same time: 300 ms and 305 ms.");
});

test("hops of one side and errors are named", () => {
  const hops = [hop("k.x", times(1, 1), times(1, 1, null, { errors: 2 })), hop("d.y", times(1, 5), null), hop("l.z", null, times(1, 5))];
  assert.deepEqual(finding({ a: 10, b: 10, hops, group: false }).more, ["Only A has 1 hop: d.y.", "Only B has 1 hop: l.z.", "B has more errors in k.x."]);
});

test("two empty sides are no finding", () => {
  assert.match(finding({ a: 0, b: 0, hops: [], group: true }).head, /nothing to compare/);
});

test("hops are sorted by the size of their difference", () => {
  const hops = [hop("a.a", times(1, 1), times(1, 2)), hop("b.b", times(1, 90), times(1, 1)), hop("c.c", null, times(1, 10))];
  assert.deepEqual(ordered(hops, "difference").map((one) => one.queue), ["b.b", "c.c", "a.a"]);
  assert.deepEqual(ordered(hops, "place"), hops);
  assert.equal(difference(hops[1]), -89);
  assert.deepEqual(hops.map(only), ["", "", "b"]);
});

test("bars of both sides share a scale", () => {
  const hops = [hop("a.a", times(10, 30), times(null, 80))];
  assert.equal(scale(hops, false), 80);
  assert.deepEqual(parts(hops[0].a, 80).map((part) => [part.kind, part.share]), [["wait", 0.125], ["work", 0.375]]);
  assert.ok(scale([], false) > 0);
});

test("before and after a switch end at its next change", () => {
  const all = [{ key: "k", variant: null, at: "2025-01-31T12:00:00Z" }, { key: "other", variant: "on", at: "2025-01-31T11:30:00Z" }, { key: "k", variant: "on", at: "2025-01-31T11:00:00Z" }];
  const { groupA, groupB } = around(all[2], all);
  assert.equal(groupA, "until=2025-01-31T11%3A00%3A00Z");
  assert.equal(groupB, "since=2025-01-31T11%3A00%3A00Z&until=2025-01-31T12%3A00%3A00Z");
});

test("a group is said in words", () => {
  assert.equal(groupText(withAndWithout("kitchen.slow").groupA), "without a failure");
  assert.equal(groupText("failure=kitchen.slow&service=kitchen"), "with kitchen.slow, service kitchen");
  assert.equal(groupText(""), "all journeys");
});

test("a group without journeys is not called faster", () => {
  assert.match(finding({ a: 9, b: 0, hops: [], group: true, none: "Group B" }).head, /^Group B has no journeys yet/u);
});
