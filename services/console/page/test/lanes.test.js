import assert from "node:assert/strict";
import { test } from "node:test";
import { lanesOf, Places, spotOf } from "../assets/journeys/flow.js";
import { capacity, layout, pitch, spot } from "../assets/journeys/slots.js";
import { at, row } from "./rows.js";

/** @param {[string, string, number, number][]} stages */
const track = (stages) => /** @type {import("../assets/types.js").Stage[]} */ (stages.map(([kind, place, fromMs, toMs]) => ({ kind, place, fromMs, toMs })));
const order = track([["work", "order", 0, 5], ["outbox", "order", 5, 9], ["wait", "q.confirmed", 9, 20], ["work", "kitchen", 20, 30], ["wait", "q.boxed", 30, 40],
  ["work", "delivery", 40, 50], ["wait", "q.delivered", 50, 55], ["work", "order", 55, 60]]);
const foreign = track([["work", "shop", 0, 5], ["wait", "jobs", 5, 9], ["work", "billing", 9, 20]]);

test("lanes follow the flow, and queues belong to their consumers", () => {
  const rows = [row({ track: order }), row({ track: order }), row({ track: foreign })];
  assert.deepEqual(lanesOf(rows), [
    { service: "order", queues: ["q.delivered"], outbox: true }, { service: "kitchen", queues: ["q.confirmed"], outbox: false },
    { service: "delivery", queues: ["q.boxed"], outbox: false }, { service: "shop", queues: [], outbox: false }, { service: "billing", queues: ["jobs"], outbox: false },
  ]);
});

test("of two works that begin together, a queue belongs to the nearer", () => {
  const both = track([["work", "kitchen", 0, 5], ["wait", "order.boxed", 5, 6.2], ["work", "order", 6.2, 8], ["wait", "delivery.boxed", 5, 7.1], ["work", "delivery", 7.1, 20]]);
  assert.deepEqual(lanesOf([row({ track: both })]).map((lane) => [lane.service, lane.queues]), [["kitchen", []], ["order", ["order.boxed"]], ["delivery", ["delivery.boxed"]]]);
});

test("a queue without a consumer goes to the service in its name", () => {
  const rows = [row({ track: track([["work", "kitchen", 0, 5], ["wait", "kitchen.x", 5, -1], ["wait", "alone", 5, -1]]) })];
  assert.deepEqual(lanesOf(rows).map((lane) => [lane.service, lane.queues]), [["kitchen", ["kitchen.x"]], ["", ["alone"]]]);
  assert.deepEqual(lanesOf([]), []);
});

test("new places are noticed once", () => {
  const places = new Places();
  const one = row({ track: order });
  assert.equal(places.add([{ row: one }]), true);
  assert.equal(places.add([{ row: one }, { row: row({ track: order }) }]), false);
  assert.equal(places.add([{ row: row({ track: foreign }) }]), true);
});

test("a dot is where its order is, and leaves when it is done", () => {
  const where = { kind: /** @type {const} */ ("retry"), name: "q", since: at(5) };
  assert.deepEqual(spotOf(row({ state: "retrying", where })), { kind: "backoff", place: "q", since: Date.parse(at(5)) });
  assert.equal(spotOf(row({ state: "done", track: order })), null);
  assert.deepEqual(spotOf(row({ state: "failed", track: order }))?.place, "order", "what failed stays at its last place");
  assert.equal(spotOf(row({ state: "failed" })), null);
});

test("dots do not overlap and stay in their cell", () => {
  for (const width of [390, 1000, 1700]) {
    const plan = layout(lanesOf([row({ track: order })]), width);
    for (const box of [...plan.cells.values(), plan.exit]) {
      const seen = new Set();
      for (let i = 0; i < capacity(box); i++) {
        const { x, y } = spot(box, i);
        seen.add(`${x} ${y}`);
        assert.ok(x >= box.x - 1 && x + pitch <= box.x + box.width + 1, `x ${x} in ${JSON.stringify(box)}`);
        assert.ok(y + pitch <= plan.height, `y ${y}`);
      }
      assert.equal(seen.size, capacity(box));
    }
    assert.ok(spot(plan.exit, 0).x > spot(plan.exit, 5).x, "the first is nearest to the way out");
  }
});
