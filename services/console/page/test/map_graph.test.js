import assert from "node:assert/strict";
import { test } from "node:test";
import { dashed, graphOf, times } from "../assets/views/map/graph.js";
import { mermaid } from "../assets/views/map/mermaid.js";
import { journeysOf, label, markOf } from "../assets/views/map/text.js";

const edge = (from, to, what, queue, more = {}) => ({ from, to, what, exchange: "events", queue, count: 10, errors: 0, ratePerSecond: 0.5, ...more });
const mapOf = (edges, more = {}) => ({ traces: 1, from: "", to: "", services: ["order", "kitchen"], edges, ...more });

test("a message goes into its queue and out of it", () => {
  const { nodes, links } = graphOf(mapOf([edge("order", "kitchen", "order.order-confirmed.v2", "kitchen.order-confirmed", { errors: 2, wait: { p50Ms: 3, p95Ms: 9 } })]));
  assert.deepEqual(nodes.map((node) => node.id), ["service:order", "service:kitchen", "queue:kitchen.order-confirmed"]);
  assert.deepEqual(links.map(({ kind, count, errors }) => ({ kind, count, errors })), [{ kind: "send", count: 10, errors: 0 }, { kind: "take", count: 10, errors: 2 }]);
});

test("two versions share the ways of one queue", () => {
  const { links } = graphOf(mapOf([
    edge("order", "kitchen", "a.v1", "kitchen.a", { wait: { p50Ms: 1, p95Ms: 5 } }), edge("order", "kitchen", "a.v2", "kitchen.a", { wait: { p50Ms: 2, p95Ms: 50 } }),
  ]));
  assert.equal(links.length, 2);
  assert.deepEqual(links[0]?.whats, ["a.v1", "a.v2"]);
  assert.equal(links[1]?.count, 20);
  assert.deepEqual(times(links[1], "wait"), { p50Ms: 2, p95Ms: 50 });
});

test("requests, dead letters and unhandled messages have nodes", () => {
  const { nodes, links } = graphOf(mapOf([
    { from: "client", to: "order", what: "POST /order", count: 1, errors: 0, ratePerSecond: 1 },
    edge("kitchen", "", "kitchen.ticket-opened", "", { exchange: "kitchen.dead" }), edge("order", "", "order.lost.v1", ""),
  ]));
  assert.deepEqual(nodes.map((node) => node.kind), ["service", "service", "outside", "dead", "none"]);
  assert.deepEqual(links.map((link) => link.kind), ["call", "send", "send"]);
});

test("what is declared and not seen is dashed", () => {
  const { nodes, links } = graphOf(mapOf([], { declaredNotSeen: [{ event: "staff.clocked-in.v1", from: "staff", queue: "kitchen.clocked-in" }] }));
  assert.ok(links.length === 2 && links.every(dashed));
  assert.equal(nodes.find((node) => node.name === "staff")?.seen, false);
  assert.equal(nodes.find((node) => node.name === "kitchen")?.seen, true);
});

test("what is seen and not declared is marked", () => {
  const { links } = graphOf(mapOf([edge("order", "kitchen", "x", "kitchen.x")], { seenNotDeclared: [{ event: "x", from: "order", queue: "kitchen.x" }] }));
  assert.ok(links.every((link) => link.undeclared));
  assert.equal(markOf(links[0]), "!");
});

test("a map without contracts and members is drawn", () => {
  assert.deepEqual(graphOf(/** @type {any} */ ({ edges: null, services: null })), { nodes: [], links: [] });
});

test("a label has rate, wait, work and failures", () => {
  const { links } = graphOf(mapOf([edge("order", "kitchen", "x", "kitchen.x", { errors: 3, wait: { p50Ms: 1, p95Ms: 2 }, work: { p50Ms: 5, p95Ms: 1500 } })]));
  assert.deepEqual(label(links[1]), ["0.5/s", "wait 1 ms / 2 ms", "work 5 ms / 1.5 s", "✕ 3 failed"]);
  assert.deepEqual(label(links[0]), ["0.5/s"]);
});

test("a node and a way lead to their journeys", () => {
  const graph = graphOf(mapOf([edge("order", "kitchen", "x.v1", "kitchen.x")]));
  assert.equal(journeysOf(graph, "service:kitchen"), "/journeys?service=kitchen");
  assert.equal(journeysOf(graph, "queue:kitchen.x"), "/journeys?event=x.v1");
  assert.equal(journeysOf(graph, graph.links[1]?.id ?? ""), "/journeys?event=x.v1&service=kitchen");
});

test("hostile names do not leave the quotes of Mermaid", () => {
  const text = mermaid(graphOf(mapOf([edge('a"]:::x\nclick', "kitchen", "<img src=x>", "q")])));
  assert.equal(text.split("\n").length, 1 + 4 + 2 + 1); // head, nodes, links, end
  assert.ok(!text.includes("<img") && !text.includes('a"'));
});

test("a message whose sender is not known yet has the usual one", () => {
  const { nodes, links } = graphOf(mapOf([edge("order", "kitchen", "x", "kitchen.x"), edge("", "kitchen", "x", "kitchen.x")], { seenNotDeclared: [{ event: "x", from: "", queue: "kitchen.x" }] }));
  assert.deepEqual(nodes.map((node) => node.kind), ["service", "service", "queue"]);
  assert.ok(links.every((link) => link.count === 20 && !link.undeclared));
  assert.equal(graphOf(mapOf([edge("", "kitchen", "y", "kitchen.y")])).nodes.at(-2)?.name, "unknown sender");
});

test("messages on their way have no node of their own", () => {
  const { nodes, links } = graphOf(mapOf([edge("order", "kitchen", "x", "kitchen.x"), edge("order", "", "x", "", { count: 3 })], { seenNotDeclared: [{ event: "x", from: "order", queue: "" }] }));
  assert.deepEqual(nodes.map((node) => node.kind), ["service", "service", "queue"]);
  assert.deepEqual(links.map(({ count, waiting, undeclared }) => ({ count, waiting, undeclared })), [{ count: 10, waiting: 3, undeclared: false }, { count: 10, waiting: 0, undeclared: false }]);
});

test("one way that is not declared does not mark the whole queue", () => {
  const { links } = graphOf(mapOf([edge("order", "kitchen", "x", "kitchen.x"), edge("console", "kitchen", "x", "kitchen.x")], { seenNotDeclared: [{ event: "x", from: "console", queue: "kitchen.x" }] }));
  assert.deepEqual(links.map(({ from, undeclared }) => [from, undeclared]), [["service:order", false], ["queue:kitchen.x", false], ["service:console", true]]);
});

test("a rate that is too small to say is a number", () => {
  const { links } = graphOf(mapOf([edge("order", "kitchen", "x", "kitchen.x", { count: 1, ratePerSecond: 0.001 })]));
  assert.deepEqual(label(links[0]), ["1 in all"]);
});
