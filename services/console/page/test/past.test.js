import assert from "node:assert/strict";
import { test } from "node:test";
import { gravestOf, rowAt, stays } from "../assets/journeys/past.js";
import { at, row } from "./rows.js";

/** An order with an outbox, a wait, a failed attempt, a back-off and a good attempt. @type {import("../assets/types.js").Stage[]} */
const track = [
  { kind: "work", place: "order", fromMs: 0, toMs: 10 }, { kind: "outbox", place: "order", fromMs: 8, toMs: 20 },
  { kind: "wait", place: "kitchen.ticket", fromMs: 20, toMs: 100 }, { kind: "work", place: "kitchen", fromMs: 100, toMs: 150, failed: true },
  { kind: "backoff", place: "kitchen.ticket", fromMs: 150, toMs: 350 }, { kind: "work", place: "kitchen", fromMs: 350, toMs: 400 },
];
const whole = row({ track, durationMs: 400, end: at(400), attempts: 2, errors: 1, waitMs: 80, backOffMs: 200, workMs: 110, services: ["order", "kitchen"] });
const then = (/** @type {number} */ ms, stuck = 30000) => rowAt(whole, Date.parse(at(ms)), stuck);

test("a journey is nowhere before it begins", () => assert.equal(then(-1), null));

test("the place at a time comes from the track", () => {
  assert.deepEqual([then(5)?.state, then(5)?.where?.name], ["running", "order"]);
  assert.deepEqual([then(15)?.where?.kind, then(15)?.where?.name], ["outbox", "order"]);
  assert.deepEqual(then(60)?.where, { kind: "queue", name: "kitchen.ticket", since: at(20) });
  assert.equal(then(60)?.state, "waiting");
  assert.deepEqual([then(200)?.state, then(200)?.where?.kind], ["retrying", "retry"]);
  assert.deepEqual([then(360)?.state, then(360)?.where?.name], ["running", "kitchen"]);
});

test("a long wait was stuck", () => assert.equal(then(95, 70)?.state, "stuck"));

test("what happened later is not there yet", () => {
  const early = then(60);
  assert.deepEqual([early?.errors, early?.attempts, early?.backOffMs, early?.waitMs, early?.workMs], [0, 1, 0, 40, 10]);
  assert.deepEqual(early?.services, ["order"]);
  assert.equal(early?.track.at(-1)?.toMs, -1);
  assert.deepEqual([then(200)?.errors, then(200)?.attempts, then(200)?.backOffMs, then(200)?.durationMs], [1, 2, 50, 150]);
});

test("after its last stay a journey is as it is now", () => assert.deepEqual(then(500), whole));

test("between two stays a journey runs", () => {
  const gap = row({ track: [{ kind: "work", place: "a", fromMs: 0, toMs: 10 }, { kind: "work", place: "b", fromMs: 50, toMs: 60 }] });
  const middle = rowAt(gap, Date.parse(at(30)), 30000);
  assert.deepEqual([middle?.state, middle?.where], ["running", undefined]);
});

test("of several stays the gravest counts", () => {
  const both = [{ kind: "work", place: "loyalty", fromMs: 0, toMs: -1 }, { kind: "dead", place: "kitchen.ticket", fromMs: 9, toMs: -1 }, { kind: "wait", place: "x", fromMs: 1, toMs: -1 }];
  assert.equal(gravestOf(/** @type {any} */ (both))?.place, "kitchen.ticket");
  assert.equal(gravestOf([]), undefined);
  assert.equal(stays(track, 9).length, 2);
});
