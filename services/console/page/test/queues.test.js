import assert from "node:assert/strict";
import { test } from "node:test";
import { storyOf } from "../assets/views/queues/letter.js";
import { attention, byAttention, drain, failingSpan, numberOf, rates, summary } from "../assets/views/queues/words.js";
import { line, newHistory, newRedriven, peak, span } from "../assets/views/queues/history.js";

const queue = (name, more = {}) => ({ queue: name, subscriber: "kitchen", event: "x", ready: 0, unacked: 0, consumers: 1, inPerSecond: 0, outPerSecond: 0, oldestMs: null, drainMs: null, retry: 0, dead: 0, ...more });

test("what needs attention comes first", () => {
  const queues = [
    queue("calm"), queue("retrying", { retry: 1 }), queue("growing", { ready: 9, oldestMs: 60000 }), queue("dead", { dead: 1 }), queue("closed", { consumers: 0 }),
    queue("open-door", { consumers: 0, ready: 3 }), queue("draining", { ready: 3, drainMs: 4000 }),
  ];
  assert.deepEqual(byAttention(queues).map((one) => one.queue), ["open-door", "dead", "closed", "growing", "retrying", "draining", "calm"]);
});

test("rows of one level keep their places", () => {
  assert.deepEqual(byAttention([queue("b", { ready: 9, drainMs: 1 }), queue("a", { ready: 1, drainMs: 1 })]).map((one) => one.queue), ["a", "b"]);
});

test("a message of a moment is no alarm", () => {
  assert.equal(attention(queue("q", { ready: 1, oldestMs: 300 })).word, "Draining");
  assert.equal(attention(queue("q", { ready: 1, oldestMs: 30000 })).word, "Not draining");
});

test("the drain time is in words", () => {
  const words = (more) => drain(queue("q", more));
  assert.equal(words({}), "empty");
  assert.equal(words({ ready: 5 }), "never at this rate");
  assert.equal(words({ ready: 5, drainMs: 20, consumers: 0 }), "never without a consumer");
  assert.equal(words({ ready: 5, drainMs: 400 }), "within a second");
  assert.equal(words({ ready: 5, drainMs: 4321 }), "in about 4 s");
  assert.equal(words({ ready: 5, drainMs: 187_000 }), "in about 3 min");
  assert.equal(words({ ready: 5, drainMs: 7_500_000 }), "in about 2 h 10 min");
});

test("the summary counts what waits", () => {
  assert.equal(summary([queue("a", { ready: 1 }), queue("b", { dead: 2, consumers: 0 })]), "1 message waits, 2 dead letters, 1 queue has no consumer.");
  assert.equal(summary([queue("a")]), "No message waits.");
  assert.equal(summary([]), "No queue is declared.");
});

test("the failing span is read from a traceparent", () => {
  const [trace, id] = ["a".repeat(32), "b".repeat(16)];
  assert.deepEqual(failingSpan(`00-${trace}-${id}-01`), { traceId: trace, spanId: id });
  for (const wrong of ["", "javascript:alert(1)", `00-${trace}-b-01`]) assert.equal(failingSpan(wrong), null);
});

test("the history has the last minutes and no more", () => {
  const history = newHistory();
  for (let at = 0; at < 400_000; at += 1000) history.take([queue("q", { inPerSecond: at })], at);
  const samples = history.of("q");
  assert.ok(samples.length <= 200 && samples.every((sample) => 399_000 - sample.at <= span));
  history.take([queue("q")], 399_100);
  assert.equal(history.of("q").length, samples.length, "two readings within half a second count once");
});

test("the history has a limit of queues", () => {
  const history = newHistory();
  history.take(Array.from({ length: 500 }, (_, i) => queue(`q${i}`)), 0);
  assert.deepEqual([history.of("q0").length, history.of("q499").length], [1, 0]);
});

test("a chart runs from left to right", () => {
  const samples = [{ at: 0, in: 0, out: 2, ready: 0 }, { at: span, in: 4, out: 2, ready: 0 }];
  assert.equal(line(samples, "in", { width: 100, height: 12, now: span, top: peak(samples) }), "M0.0 11.0L100.0 1.0");
  assert.equal(peak([]), 1);
});

test("what was redriven is kept, the newest first", () => {
  const redriven = newRedriven();
  const letter = (id) => ({ messageId: id, conversationId: "c", traceId: "t" });
  redriven.add("q", [letter("1")], 1);
  redriven.add("q", [letter("2")], 2);
  assert.deepEqual(redriven.of("q").map((one) => one.messageId), ["2", "1"]);
  redriven.add("q", Array.from({ length: 900 }, (_, i) => letter(`n${i}`)), 3);
  assert.equal(redriven.of("q").length, 200);
});

test("rates that the broker does not tell are not zero", () => {
  assert.equal(rates(queue("q", { inPerSecond: null, outPerSecond: null })), "not known");
  assert.equal(rates(queue("q", { inPerSecond: 2, outPerSecond: null })), "2/s / –");
  assert.equal(numberOf(null), "–");
});

test("a dead letter names its order, or its conversation", () => {
  const letter = (/** @type {unknown} */ body) => /** @type {import("../assets/types.js").Letter} */ (/** @type {unknown} */ ({ conversationId: "01a21904-9142-71b2", body }));
  assert.equal(storyOf(letter({ data: { orderNumber: "ORD4" } })), "ORD4");
  for (const body of [null, "text", { data: null }, { data: { orderNumber: 4 } }]) assert.equal(storyOf(letter(body)), "01a2190…2-71b2");
});
