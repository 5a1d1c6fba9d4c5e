import assert from "node:assert/strict";
import { test } from "node:test";
import { Book, most } from "../assets/journeys/book.js";
import { entry, order, sorts } from "../assets/journeys/sort.js";
import { assign, inView, topFor } from "../assets/journeys/window.js";
import { at, row } from "./rows.js";

test("only rows in view and some around are drawn", () => {
  assert.deepEqual(inView({ top: 0, height: 500, rowHeight: 50, count: 5000, over: 5 }), { first: 0, last: 15 });
  assert.deepEqual(inView({ top: 1025, height: 500, rowHeight: 50, count: 5000, over: 5 }), { first: 15, last: 36 });
  assert.deepEqual(inView({ top: 249500, height: 500, rowHeight: 50, count: 5000, over: 5 }), { first: 4985, last: 5000 });
  assert.deepEqual(inView({ top: 9e9, height: 500, rowHeight: 50, count: 3 }), { first: 2, last: 3 }, "scrolled beyond a list that became short");
  for (const empty of [{ count: 0 }, { height: 0 }, { rowHeight: 0 }]) assert.deepEqual(inView({ top: 0, height: 500, rowHeight: 50, count: 9, ...empty }), { first: 0, last: 0 });
});

test("scrolling reuses elements and never draws two rows in one", () => {
  for (const top of [0, 17, 950, 12345]) {
    const { first, last } = inView({ top, height: 500, rowHeight: 50, count: 5000 });
    const slots = Math.ceil(500 / 50) + 13;
    const used = new Set();
    for (let i = first; i < last; i++) used.add(assign(i, slots));
    assert.equal(used.size, last - first, `at ${top}`);
  }
});

test("the keyboard moves the list as little as possible", () => {
  const view = { top: 100, height: 500, rowHeight: 50 };
  assert.deepEqual([0, 3, 11, 12, 30].map((index) => topFor({ index, ...view })), [0, 100, 100, 150, 1050]);
});

const ids = (/** @type {Book} */ book) => book.shown.map((one) => one.row.id).join("");
const event = (/** @type {any} */ values) => ({ upsert: [], remove: [], counts: {}, matching: 0, total: 0, memory: /** @type {any} */ ({}), now: "", ...values });

test("attention puts the gravest first, and the longest in its state", () => {
  const where = (/** @type {number} */ ms) => ({ kind: /** @type {const} */ ("queue"), name: "q", since: at(ms) });
  const rows = [
    row({ id: "o", state: "done", start: at(0) }), row({ id: "n", state: "done", start: at(50) }), row({ id: "w", state: "waiting", where: where(10) }),
    row({ id: "v", state: "waiting", where: where(5) }), row({ id: "d", state: "dead", where: where(90) }), row({ id: "s", state: "stuck", where: where(1) }),
  ];
  const sorted = (/** @type {string} */ name) => rows.map(entry).sort(order(name)).map((one) => one.row.id).join("");
  assert.equal(sorted("attention"), "dsvwno");
  assert.equal(sorted("nonsense"), "dsvwno");
  assert.equal(sorted("newest").startsWith("n"), true);
  assert.equal(sorted("oldest").endsWith("n"), true);
  assert.deepEqual(Object.keys(sorts), ["attention", "newest", "oldest", "slowest"]);
  assert.equal([row({ id: "f", durationMs: 1 }), row({ id: "s", durationMs: 9 })].map(entry).sort(order("slowest"))[0]?.row.id, "s");
});

test("a reset replaces all, and an older version changes nothing", () => {
  const book = new Book();
  book.take(event({ reset: true, upsert: [row({ id: "a" }), row({ id: "b", version: 5, start: at(1) })] }));
  book.settle();
  assert.equal(ids(book), "ba");
  book.take(event({ upsert: [row({ id: "b", version: 4, state: "dead" })] }));
  assert.equal(book.entries.get("b")?.row.state, "done");
  book.take(event({ reset: true, upsert: [row({ id: "c" })] }));
  book.settle();
  assert.equal(ids(book), "c");
});

test("a held order keeps its rows, their contents change", () => {
  const book = new Book();
  book.take(event({ reset: true, upsert: [row({ id: "a", start: at(2) }), row({ id: "b", start: at(1) }), row({ id: "c" })] }));
  book.settle();
  book.hold(true);
  book.take(event({ upsert: [row({ id: "c", version: 2, state: "dead" }), row({ id: "n", start: at(9) })], remove: ["a"] }));
  assert.equal(book.settle(), false);
  assert.equal(ids(book), "abc");
  assert.equal(book.newest(/** @type {any} */ (book.shown[2])).row.state, "dead");
  assert.equal(book.gone.has("a"), true);
  assert.deepEqual([...book.moved].sort(), ["a", "c", "n"]);
  assert.equal(book.settle(true), true);
  assert.equal(ids(book), "cnb");
  assert.equal(book.moved.size, 0);
});

test("a pause counts changes by journey and applies them later", () => {
  const book = new Book();
  book.take(event({ reset: true, upsert: [row({ id: "a" }), row({ id: "b" })] }));
  book.settle();
  book.pause(true);
  assert.equal(book.take(event({ upsert: [row({ id: "n", version: 2 })] })), false);
  book.take(event({ upsert: [row({ id: "n", version: 3, state: "dead" })], remove: ["a"] }));
  assert.equal(book.waiting.size, 2);
  assert.equal(ids(book), "ab");
  book.pause(false);
  book.settle();
  assert.equal(ids(book), "nb");
});

test("a reset during a pause counts only what is new", () => {
  const book = new Book();
  book.take(event({ reset: true, upsert: [row({ id: "a" }), row({ id: "b" })] }));
  book.pause(true);
  book.take(event({ upsert: [row({ id: "x" })] }));
  book.take(event({ reset: true, upsert: [row({ id: "b", version: 9 })] }));
  book.pause(false);
  book.settle();
  assert.equal(ids(book), "b");
});

test("the book is bounded and keeps the newest", () => {
  const book = new Book();
  const many = Array.from({ length: most + 500 }, (_, i) => row({ id: `r${i}`, start: at(i) }));
  book.take(event({ reset: true, upsert: many }));
  assert.equal(book.entries.size, most);
  assert.equal(book.entries.has("r0"), false);
  assert.equal(book.entries.has(`r${most + 499}`), true);
});

test("rows that move come to the place that sorting all gives them", () => {
  let seed = 7;
  const random = (/** @type {number} */ below) => (seed = (seed * 48271) % 2147483647) % below;
  const stateNames = /** @type {const} */ (["done", "running", "waiting", "dead"]);
  for (const sort of Object.keys(sorts)) {
    const book = new Book();
    book.sort(sort);
    for (let version = 1; version < 200; version++) {
      const upsert = Array.from({ length: random(6) }, () => row({ id: String(random(60)), version, start: at(random(40)), state: stateNames[random(4)] ?? "done", durationMs: random(9) }));
      book.take(event({ upsert, remove: random(3) ? [] : [String(random(60))], reset: random(50) === 0 }));
      if (random(4)) book.settle();
      if (random(40) === 0) book.sort(sort);
    }
    book.settle(true);
    const all = [...book.entries.values()].sort(order(sort)).map((one) => one.row.id);
    assert.deepEqual(book.shown.map((one) => one.row.id), all, sort);
    assert.deepEqual(book.shown.map((one) => book.newest(one).row.version), all.map((id) => book.entries.get(id)?.row.version));
  }
});

test("what has ended is not live any more", () => {
  const book = new Book();
  const put = (/** @type {any} */ values) => book.take(event({ upsert: [row(values)] }));
  put({ id: "a", state: "running", version: 1 });
  put({ id: "b", state: "done", end: at(5), version: 1 });
  book.rest(Date.parse(at(5)));
  assert.deepEqual([...book.live.keys()], ["a", "b"]);
  book.rest(Date.parse(at(6)));
  assert.deepEqual([...book.live.keys()], ["a"]);
  put({ id: "b", state: "running", version: 2 });
  put({ id: "a", state: "running", version: 2, errors: 7 });
  assert.equal(book.live.get("a")?.row.errors, 7);
  assert.equal(book.live.get("b"), book.entries.get("b"));
  book.take(event({ remove: ["a"] }));
  assert.deepEqual([...book.live.keys()], ["b"]);
});
