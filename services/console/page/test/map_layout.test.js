import assert from "node:assert/strict";
import { test } from "node:test";
import { backArcs, crossings, grouped, layersOf, sorted } from "../assets/views/map/order.js";
import { settle, spread } from "../assets/views/map/spread.js";
import { layout } from "../assets/views/map/layout.js";
import { neighbour } from "../assets/views/map/picture.js";

const arcs = (...pairs) => pairs.map((pair) => ({ from: pair[0], to: pair[1] }));
const nodeOf = (id, kind = "service") => ({ id, kind, name: id, seen: true });
const linkOf = (from, to) => ({ id: `${from}>${to}`, from, to, kind: "send", whats: [], edges: [], count: 1, errors: 0, rate: 1, undeclared: false });

test("layers follow the longest path", () => {
  assert.deepEqual([...layersOf(["a", "b", "c", "d"], arcs("ab", "bc", "ac", "cd"))], [["a", 0], ["b", 1], ["c", 2], ["d", 3]]);
});

test("without its back arcs a graph has no cycle", () => {
  const ids = ["a", "b", "c", "d", "e"];
  const all = arcs("ab", "bc", "ca", "cd", "dc", "de", "ee");
  const back = backArcs(ids, all, ["a"]);
  const left = all.filter((arc) => !back.has(arc));
  const layers = layersOf(ids, left);
  for (const { from, to } of left) assert.ok((layers.get(from) ?? 0) < (layers.get(to) ?? 0), `${from} before ${to}`);
  assert.ok(!back.has(all[0]), "the search begins at a");
});

test("a long cycle does not exhaust the stack", () => {
  const ids = Array.from({ length: 20000 }, (_, i) => `n${i}`);
  const ring = ids.map((from, i) => ({ from, to: ids[(i + 1) % ids.length] ?? "" }));
  assert.equal(backArcs(ids, ring).size, 1);
});

test("the barycentre takes crossings out", () => {
  const all = arcs("ay", "bx", "cz");
  const order = sorted([["a", "b", "c"], ["x", "y", "z"]], all);
  assert.equal(crossings(order, grouped(all, "from")), 0);
});

test("nodes keep their order and do not overlap", () => {
  const places = settle(["a", "b", "c"], [0, 0, 0], () => 10);
  assert.deepEqual(places, [-10, 0, 10]);
  assert.deepEqual(settle(["a", "b"], [0, 100], () => 10), [0, 100]);
});

test("a node stands beside its only neighbour", () => {
  const at = spread([["a", "b"], ["c"]], arcs("bc"), () => 10);
  assert.ok(Math.abs((at.get("b") ?? 0) - (at.get("c") ?? 1)) < 1e-6);
});

test("no two boxes of a layout overlap, and every link is drawn", () => {
  const names = ["client", "order", "q1", "q2", "q3", "kitchen", "q4", "delivery", "q5"];
  const links = [["client", "order"], ["order", "q1"], ["q1", "order"], ["order", "q2"], ["q2", "kitchen"], ["order", "q3"], ["q3", "delivery"], ["kitchen", "q4"], ["q4", "delivery"], ["delivery", "q5"], ["q5", "order"], ["kitchen", "kitchen"]];
  const graph = { nodes: names.map((name) => nodeOf(name)), links: links.map(([from, to]) => linkOf(from, to)) };
  const { boxes, lines, width, height } = layout(/** @type {any} */ (graph));
  assert.equal(boxes.size, names.length);
  assert.equal(lines.size, links.length);
  const all = [...boxes.values()];
  for (const [i, a] of all.entries()) {
    assert.ok(a.x - a.width / 2 >= 0 && a.x + a.width / 2 <= width && a.y + a.height / 2 <= height, `${a.id} is inside`);
    for (const b of all.slice(i + 1)) assert.ok(Math.abs(a.x - b.x) >= (a.width + b.width) / 2 || Math.abs(a.y - b.y) >= (a.height + b.height) / 2, `${a.id} and ${b.id}`);
  }
  for (const line of lines.values()) assert.ok(!/NaN|undefined|Infinity/.test(line.path), line.path);
  assert.ok(lines.get("q5>order")?.back && lines.get("q1>order")?.back && !lines.get("q3>delivery")?.back);
});

test("an empty map has a layout", () => {
  const { boxes, width, height } = layout({ nodes: [], links: [] });
  assert.equal(boxes.size, 0);
  assert.ok(Number.isFinite(width) && Number.isFinite(height));
});

test("arrow keys go to the nearest node of their direction", () => {
  const graph = { nodes: ["a", "b", "c"].map((id) => nodeOf(id)), links: [linkOf("a", "b"), linkOf("a", "c")] };
  const placed = layout(/** @type {any} */ (graph));
  assert.ok(["b", "c"].includes(neighbour(/** @type {any} */ (graph), placed, "a", "ArrowRight")));
  assert.equal(neighbour(/** @type {any} */ (graph), placed, "a", "ArrowLeft"), "");
  assert.equal(neighbour(/** @type {any} */ (graph), placed, "b", "ArrowDown"), "c");
});
