import assert from "node:assert/strict";
import { test } from "node:test";
import { diagram, words } from "../assets/views/journey/sequence.js";
import { columns, csv, sorted } from "../assets/views/journey/table.js";
import { order, process, row, send } from "./journey-data.js";

const keys = (plan) => plan.participants.map((one) => one.key);

test("a queue stands before its consumer", () => {
  const plan = diagram(order(), { queues: true });
  assert.deepEqual(keys(plan), ["outside client", "service order", "queue kitchen.x", "service kitchen"]);
  assert.deepEqual(plan.arrows.map((arrow) => [arrow.type, arrow.from, arrow.to.join()]), [
    ["request", "outside client", "service order"], ["send", "service order", "queue kitchen.x"], ["deliver", "queue kitchen.x", "service kitchen"],
  ]);
  assert.equal(plan.arrows[2].text, "waited 3 ms");
});

test("without queues a message goes from service to service", () => {
  const plan = diagram(order(), { queues: false });
  assert.deepEqual(keys(plan), ["outside client", "service order", "service kitchen"]);
  assert.equal(words(plan.arrows[1]), "order to kitchen: x.v1, waited 3 ms");
});

test("a fan-out is one arrow to several queues", () => {
  const plan = diagram([send("a", -1, "x.v1", 0), process("b", 0, "kitchen.x", 5), process("c", 0, "loyalty.x", 6)], { queues: true });
  assert.deepEqual(plan.arrows[0].to, ["queue kitchen.x", "queue loyalty.x"]);
});

test("a message that nothing has handled is a cross", () => {
  const plan = diagram([send("a", -1, "x.v1", 0)], { queues: true });
  assert.deepEqual([plan.arrows[0].type, plan.arrows[0].remark], ["lost", "nothing has handled it yet"]);
});

test("a dead letter is a cross at its queue", () => {
  const dead = row("c", 1, { kind: "producer", service: "kitchen", startMs: 9, messaging: { system: "rabbitmq", operation: "send", routingKey: "kitchen.x.dead" } });
  const plan = diagram([send("a", -1, "x.v1", 0), process("b", 0, "kitchen.x", 5), dead], { queues: true });
  assert.deepEqual([plan.arrows[2].type, plan.arrows[2].to[0]], ["dead", "queue kitchen.x"]);
});

test("a delivery before the confirm still comes after its send", () => {
  const plan = diagram([send("a", -1, "x.v1", 0, { durationMs: 20 }), process("b", 0, "kitchen.x", 5)], { queues: true });
  assert.deepEqual(plan.arrows.map((arrow) => arrow.type), ["send", "deliver"]);
});

test("attempts show their back-off on the line of the queue", () => {
  const again = process("c", 0, "kitchen.x", 300, { attempt: 2, backOff: { ms: 200, after: 1 } });
  const plan = diagram([send("a", -1, "x.v1", 0), process("b", 0, "kitchen.x", 5, { failed: true, settled: "retry" }), again], { queues: true });
  const stays = plan.stays.filter((stay) => stay.on === "queue kitchen.x").map((stay) => stay.kind);
  assert.deepEqual(stays, ["wait", "backoff", "wait"]);
  assert.ok(plan.stays.every((stay) => stay.to >= stay.from));
  assert.equal(plan.arrows[2].text, "back-off 200 ms");
});

test("a foreign consumer without a send has an arrow", () => {
  const plan = diagram([row("a", -1, { kind: "consumer", service: "worker" })], { queues: true });
  assert.deepEqual(plan.arrows[0].from, "queue queue of worker");
});

test("the table sorts, with empty cells last", () => {
  const rows = order();
  assert.deepEqual(sorted(rows, "wait", true).map((one) => one.spanId)[0], "e");
  assert.deepEqual(sorted(rows, "wait", false).map((one) => one.spanId)[0], "e");
  assert.deepEqual(sorted(rows, "start", false).map((one) => one.spanId), ["a", "b", "c", "d", "e", "f"]);
  assert.equal(columns.length, 8);
});

test("CSV quotes cells and disarms formulas", () => {
  const text = csv([row("a", -1, { name: '=cmd|"x",1', durationMs: 1.23456 })]);
  const [head, line] = text.split("\r\n");
  assert.match(head, /^Name,Service,Start ms,Wait ms/);
  assert.match(line, /^"'=cmd\|""x"",1",order,0,,,1\.235,,,,t,a$/);
});
