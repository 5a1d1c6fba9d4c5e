import assert from "node:assert/strict";
import { test } from "node:test";
import { backOff, connect } from "../assets/lib/connection.js";
import { reader } from "../assets/lib/events.js";
import { joiner } from "../assets/lib/joiner.js";
import { plan, urlOf } from "../assets/lib/stream.js";

test("events are read from pieces cut anywhere", () => {
  const text = ": hello\r\nid: 7\r\nevent: journeys\r\ndata: {\"a\":\ndata: 1}\n\ndata:plain\n\nid: 8\nevent: queues\ndata: x\n\nretry: 900\ndata: unfinished";
  const wanted = [{ id: "7", event: "journeys", data: '{"a":\n1}' }, { id: "7", event: "message", data: "plain" }, { id: "8", event: "queues", data: "x" }];
  for (const size of [1, 2, 3, 7, 1000]) {
    const lines = reader();
    const all = [];
    for (let i = 0; i < text.length; i += size) all.push(...lines.read(text.slice(i, i + size)));
    assert.deepEqual(all, wanted, `pieces of ${size}`);
    assert.equal(lines.retry(), 900);
  }
});

/** @param {...string} pieces */
const body = (...pieces) => new ReadableStream({
  start(controller) {
    for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece));
    controller.close();
  },
});

/** rig runs connections against answers, with a clock that a test moves. @param {(Response|Error)[]} answers */
function rig(answers) {
  const log = /** @type {{headers: any[], data: string[], links: string[], waits: number[]}} */ ({ headers: [], data: [], links: [], waits: [] });
  /** @type {Map<number, () => void>} */
  const timers = new Map();
  let next = 1;
  const needs = {
    fetch: async (/** @type {string} */ _, /** @type {RequestInit} */ init) => {
      log.headers.push(init.headers);
      const answer = answers.shift();
      if (!answer) return new Promise((/** @type {any} */ _ok, fail) => init.signal?.addEventListener("abort", () => fail(new Error("aborted"))));
      if (answer instanceof Error) throw answer;
      return answer;
    },
    after: (/** @type {() => void} */ fn, /** @type {number} */ ms) => {
      log.waits.push(ms);
      timers.set(next, fn);
      return next++;
    },
    cancel: (/** @type {number} */ timer) => void timers.delete(timer),
    random: () => 1,
    now: () => 0,
    next: async () => {},
  };
  const connection = connect("/api/events", (message) => log.data.push(message.data), (link) => log.links.push(link), needs);
  const settle = () => new Promise((ok) => setTimeout(ok, 5));
  return { log, connection, settle, async fire() {
    const [timer, fn] = [...timers].at(-1) ?? [];
    timers.delete(timer ?? 0);
    fn?.();
    await settle();
  } };
}

test("a cut stream goes on after the last id", async () => {
  const r = rig([new Response(body("id: 1\ndata: a\n\nid: 2\nda", "ta: b\n\n", "id: 3\ndata: lost")), new Response(body("id: 3\ndata: c\n\n"))]);
  await r.settle();
  await r.fire();
  assert.deepEqual(r.log.data, ["a", "b", "c"]);
  assert.equal(r.log.headers[0]["Last-Event-ID"], undefined);
  assert.equal(r.log.headers[1]["Last-Event-ID"], "2");
  assert.deepEqual(r.log.links, ["connecting", "live", "reconnecting", "live", "reconnecting"]);
  r.connection.close();
});

test("a refused stream waits as long as the server asks", async () => {
  const r = rig([new Response(null, { status: 503, headers: { "Retry-After": "7" } }), new Error("no network")]);
  await r.settle();
  assert.equal(r.log.waits.at(-1), 7000);
  await r.fire();
  assert.equal(r.log.waits.at(-1), backOff(2, 1));
  r.connection.close();
  assert.equal(r.log.links.includes("live"), false);
});

test("a silent stream is opened again", async () => {
  const r = rig([]);
  await r.settle();
  await r.fire(); // the time of silence is over
  assert.equal(r.log.links.at(-1), "reconnecting");
  r.connection.close();
});

test("a closed stream stays closed", async () => {
  const r = rig([new Response(body("id: 1\ndata: a\n\n"))]);
  r.connection.close();
  await r.settle();
  assert.deepEqual(r.log.data, []);
  assert.equal(r.log.headers.length, 1);
});

test("a page that is not in sight holds no connection, and goes on after it", async () => {
  const r = rig([new Response(body("id: 1\ndata: a\n\n")), new Response(body("id: 2\ndata: b\n\n"))]);
  await r.settle(); // the first has ended, and the next try waits
  r.connection.pause();
  await r.fire();
  assert.equal(r.log.headers.length, 1);
  r.connection.resume();
  r.connection.resume();
  await r.settle();
  assert.deepEqual(r.log.data, ["a", "b"]);
  assert.equal(r.log.headers.length, 2);
  assert.equal(r.log.headers[1]["Last-Event-ID"], "1");
  r.connection.close();
});

test("a connection that is paused while it is open is opened once again", async () => {
  const r = rig([]);
  await r.settle();
  r.connection.pause();
  r.connection.resume(); // before the end of the first was noticed
  await r.settle();
  assert.equal(r.log.headers.length, 2);
  assert.equal(r.log.links.at(-1), "connecting");
  r.connection.close();
});

test("the back-off doubles, has jitter and an end", () => {
  assert.deepEqual([1, 2, 3, 20].map((tries) => backOff(tries, 1)), [500, 1000, 2000, 10000]);
  assert.equal(backOff(1, 0), 250);
});

test("listeners share a connection unless filters differ", () => {
  const handlers = {};
  const banner = { topics: ["failures"], filter: "", handlers };
  const list = { topics: ["journeys"], filter: "state=dead", handlers };
  const same = { topics: ["journeys", "run"], filter: "state=dead", handlers };
  const other = { topics: ["journeys"], filter: "", handlers };
  assert.deepEqual(plan([banner, list, same]).map(urlOf), ["/api/events?topics=failures%2Cjourneys%2Crun&state=dead"]);
  assert.deepEqual(plan([banner, list, other]).map((p) => p.listeners.length), [2, 1]);
  assert.deepEqual(plan([]), []);
});

test("a long line comes in many pieces", () => {
  const lines = reader();
  assert.deepEqual(lines.read("data: a"), []);
  for (let i = 0; i < 1000; i++) assert.deepEqual(lines.read("b"), []);
  assert.deepEqual(lines.read("\r"), []);
  assert.deepEqual(lines.read("\n\r"), [], "the second end may go on with a line feed");
  assert.deepEqual(lines.read("\n"), [{ id: "", event: "message", data: `a${"b".repeat(1000)}` }]);
});

test("the parts of a long list are put together", () => {
  const join = joiner();
  const small = { upsert: [1], remove: [] };
  assert.equal(join(small), small);
  assert.equal(join(null), null);
  assert.equal(join({ reset: true, more: true, upsert: [1, 2] }), null);
  assert.deepEqual(join([{ queue: "q" }]), [{ queue: "q" }], "another topic");
  assert.equal(join({ reset: true, more: true, upsert: [3] }), null, "it begins anew after a cut");
  assert.equal(join({ more: true, upsert: [4] }), null);
  assert.deepEqual(join({ upsert: [5], total: 7 }), { reset: true, upsert: [3, 4, 5], total: 7 });
  assert.equal(join(small), small);
  assert.equal(join({ more: true, upsert: [1] }), null);
  assert.deepEqual(join({ upsert: [2] }), { reset: false, upsert: [1, 2] }, "many changes without a reset");
});
