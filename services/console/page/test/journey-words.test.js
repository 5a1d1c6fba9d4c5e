import assert from "node:assert/strict";
import { test } from "node:test";
import { attributesOf, find, step } from "../assets/views/journey/find.js";
import { lines } from "../assets/views/journey/lines.js";
import { arcsOf, byLine, curve } from "../assets/views/journey/links.js";
import { halves, legible } from "../assets/views/journey/middle.js";
import { labelOf, marks, remarks, times } from "../assets/views/journey/rowtext.js";
import { notices, shares, whereText } from "../assets/views/journey/facts.js";
import { mainSteps, stepText } from "../assets/views/journey/steps.js";
import { pretty, tokens } from "../assets/views/journey/json.js";
import { order, process, row, send } from "./journey-data.js";

test("a wait that is worked out is marked in the text", () => {
  assert.equal(times(row("a", -1, { wait: { ms: 3, told: false, queue: "q" } })), "waited ~3 ms · 10 ms");
  assert.equal(times(row("a", -1, { wait: { ms: 3, told: true, queue: "q" }, backOff: { ms: 200, after: 1 } })), "back-off 200 ms · waited 3 ms · 10 ms");
});

test("marks tell attempts, errors, failures and duplicates", () => {
  const all = marks(process("e", -1, "kitchen.x", 0, { failed: true, error: "cold", attempt: 2, settled: "dead", injected: ["kitchen.error"], duplicate: true, joined: true }));
  assert.deepEqual(all.map((mark) => `${mark.sign} ${mark.more}`.trim()), ["⚑ kitchen.error", "#2 dead", "✕ cold", "2× duplicate", "↳ new trace"]);
  assert.deepEqual(marks(process("e", -1, "kitchen.x", 0)), []);
});

test("an error that its injected failure explains is not said twice", () => {
  const texts = (/** @type {string} */ error) => remarks(process("e", -1, "kitchen.x", 0, { failed: true, error, injected: ["kitchen.poison"] })).map((one) => one.text);
  assert.deepEqual(texts("attempt 4, the last: kitchen.poison is switched on"), ["⚑ kitchen.poison"]);
  assert.deepEqual(texts("oven cold"), ["⚑ kitchen.poison", "✕ oven cold"]);
  assert.deepEqual(remarks(process("e", -1, "kitchen.x", 0)), []);
});

test("a messaging name is shortened to what tells it apart", () => {
  assert.equal(labelOf(process("e", -1, "kitchen.x", 0)), "process kitchen.x");
  assert.equal(labelOf(send("d", -1, "x.v1", 0)), "send x.v1");
  assert.equal(labelOf({ ...send("d", -1, "x.v1", 0), name: "orders publish" }), "orders publish");
});

test("long names are cut at a separator near the end", () => {
  assert.deepEqual(halves("process events:order.order-confirmed.v2:kitchen.order-confirmed", 18), ["process events:order.order-confirmed.v2:kitchen", ".order-confirmed"]);
  assert.deepEqual(halves("short"), ["short", ""]);
  assert.deepEqual(halves("x".repeat(40), 10), ["x".repeat(30), "x".repeat(10)]);
});

test("letters cannot be turned round", () => {
  assert.equal(legible("a\u202eb\u0000\u2066c\td"), "a\ufffdb\ufffd\ufffdc\td");
});

test("search looks into names, gaps and attributes", () => {
  const all = lines(order(), { gaps: [{ expected: "process loyalty.x", place: "dead", where: "in loyalty.x.dead" }], unseen: [], unanswered: [] });
  assert.deepEqual(find(all, "kitchen PROCESS", new Map()), [4]);
  assert.deepEqual(find(all, "loyalty", new Map()), [6]);
  assert.deepEqual(find(all, "db.system=sqlite", new Map([["t-b", "db.system=sqlite"]])), [1]);
  assert.deepEqual(find(all, "  ", new Map()), []);
});

test("matches are stepped through round the end", () => {
  assert.equal(step([2, 5], 2, 1), 5);
  assert.equal(step([2, 5], 5, 1), 2);
  assert.equal(step([2, 5], 2, -1), 5);
  assert.equal(step([], 2, 1), -1);
});

test("attributes are read from OTLP JSON, whatever is in it", () => {
  const spans = [{ traceId: "t", spanId: "b", attributes: [{ key: "Db", value: { stringValue: "SQLite" } }, { key: "n", value: { arrayValue: { values: [{ intValue: "1" }] } } }], events: [{ name: "Boom" }] }];
  assert.equal(attributesOf({ resourceSpans: [{ scopeSpans: [{ spans }] }] }).get("t-b"), "db=sqlite n=1 boom");
  assert.equal(attributesOf({ resourceSpans: "no" }).size, 0);
  assert.equal(attributesOf(null).size, 0);
});

test("links are found from both ends", () => {
  const all = lines(order(), null);
  const arcs = arcsOf([{ from: 4, to: 3, traceId: "t", spanId: "d" }, { from: 4, to: -1, traceId: "u", spanId: "z" }], all);
  assert.equal(byLine(arcs).get(4).out.length, 2);
  assert.equal(byLine(arcs).get(3).in.length, 1);
  assert.match(curve({ x: 0, y: 0 }, { x: 10, y: 30 }), /^M0 0C-31.5 0 41.5 30 10 30$/);
});

test("the sums of a journey add up to one", () => {
  assert.deepEqual(shares({ waitMs: 1, backOffMs: 2, workMs: 1 }).map((one) => one.share), [0.25, 0.5, 0.25]);
  assert.deepEqual(shares({ waitMs: 0, backOffMs: 0, workMs: 0 }).map((one) => one.share), [0, 0, 0]);
});

test("the head says where a journey is and for how long", () => {
  const where = { kind: "queue", name: "kitchen.x", since: "2025-01-31T10:00:00Z", event: "x.v1" };
  assert.equal(whereText({ state: "waiting", where }, Date.parse("2025-01-31T10:00:12Z")), "x.v1 in the queue kitchen.x, for 12 s");
});

test("notices tell dropped spans, clocks and sources", () => {
  const journey = {
    row: { dropped: 3, state: "running" }, complete: false, source: "jaeger", missing: { gaps: [], unseen: ["kitchen.x"], unanswered: ["RabbitMQ: refused"] },
    waterfall: { rows: [row("a", -1, { warning: "starts 5 ms before its parent" })] },
  };
  assert.deepEqual(notices(journey, false).map((one) => one.title), ["3 spans left out", "Spans may still come", "Clocks disagree on 1 span", "Read from Jaeger", "Not every source answered", "Handled without a span", "Jaeger is away"]);
});

test("short steps of the critical path are left out", () => {
  const steps = Array.from({ length: 9 }, (_, i) => ({ kind: "work", what: "x", share: i < 2 ? 0.4 : 0.005 }));
  assert.deepEqual([mainSteps(steps, false).steps.length, mainSteps(steps, false).rest], [2, 7]);
  assert.equal(mainSteps(steps, true).rest, 0);
  assert.equal(stepText({ kind: "back-off", what: "kitchen.x", attempt: 2, error: "cold" }), "before the next attempt at kitchen.x, after attempt 2 (cold)");
});

test("JSON keeps every character", () => {
  const text = pretty({ a: "<img onerror=x>", b: [1, -2.5e3, true, null], "c\"": "\\" });
  assert.equal(tokens(text).map((one) => one.text).join(""), text);
  assert.ok(tokens(text).some((one) => one.kind === "name" && one.text === "\"a\""));
  assert.equal(pretty("not json {"), "not json {");
});
