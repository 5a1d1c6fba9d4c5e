// What is shown: the rows as they are, or as they were at a moment in the past.
import { entry } from "./sort.js";
import { rowAt } from "./past.js";

/** @typedef {import("./sort.js").Entry} Entry */

export class Moment {
  /** The moment in the past in ms, or null for the present. @type {number|null} */
  at = null;
  /** The server's clock minus the browser's. */
  skew = 0;
  /** @type {Entry[]} */
  then = [];
  thenOf = -1;

  /** @param {import("./book.js").Book} book @param {number} stuckAfter in ms */
  constructor(book, stuckAfter) {
    this.book = book;
    this.stuckAfter = stuckAfter || 30000;
  }

  /** heard takes the server's time. @param {number} now */
  heard(now) {
    if (Number.isFinite(now)) this.skew = now - Date.now();
  }

  /** clock is the present time of the server. */
  clock() {
    return Date.now() + this.skew;
  }

  /** now is the time of what is shown. */
  now() {
    return this.at ?? this.clock();
  }

  /** go shows another moment. @param {number|null} at */
  go(at) {
    this.at = at;
    this.thenOf = -1;
  }

  /** changed works the past out again, if it is shown and another moment was chosen or rows arrived. */
  changed() {
    if (this.at === null || this.thenOf === this.book.entries.size) return;
    this.thenOf = this.book.entries.size;
    this.then = [];
    for (const one of this.book.entries.values()) {
      const row = rowAt(one.row, this.at, this.stuckAfter);
      if (row) this.then.push(entry(row));
    }
    this.then.sort(this.book.compare);
  }

  entries() {
    return this.at === null ? this.book.shown : this.then;
  }

  /** @param {number} i */
  item(i) {
    const one = /** @type {Entry} */ (this.entries()[i]);
    return this.at === null ? { row: this.book.newest(one).row, gone: this.book.gone.has(one.row.id) } : { row: one.row, gone: false };
  }

  /** live are the entries of journeys under way, in no order, also while the order is held. @returns {Iterable<Entry>} */
  live() {
    return this.at === null ? this.book.live.values() : this.then;
  }

  /** counts are the numbers of each state in the past, or null for the present: the server counts it. */
  counts() {
    if (this.at === null) return null;
    /** @type {Partial<Record<import("../types.js").State, number>>} */
    const all = {};
    for (const one of this.then) all[one.row.state] = (all[one.row.state] ?? 0) + 1;
    return all;
  }

  /** suggestions are filters that would find something. */
  suggestions() {
    const found = new Set();
    for (const one of this.entries().slice(0, 300)) {
      if (one.row.customer) found.add(`customer:${one.row.customer}`);
      for (const name of one.row.services) found.add(`service:${name}`);
      for (const key of one.row.failures) found.add(`failure:${key}`);
    }
    return [...found].sort().slice(0, 60);
  }
}
