// The rows that the page knows, in their order. Changes can wait: while the reader has paused, or holds the order.
import { entry, order } from "./sort.js";

/** @typedef {import("../types.js").Row} Row */
/** @typedef {import("../types.js").JourneysEvent} JourneysEvent */
/** @typedef {import("./sort.js").Entry} Entry */

/** most limits the rows in the page. The server sends the newest 5,000. */
export const most = 5000;
const slack = 200; // rows above the limit before it is applied: once in a while, not at each change

export class Book {
  /** @type {Map<string, Entry>} */
  entries = new Map();
  /** Entries of journeys that have not ended, and some that have: see rest. @type {Map<string, Entry>} */
  live = new Map();
  /** The order that is shown. @type {Entry[]} */
  shown = [];
  /** Ids that are shown and have gone meanwhile. @type {Set<string>} */
  gone = new Set();
  /** What came while paused: a row, or null for one that has gone. @type {Map<string, Row|null>} */
  waiting = new Map();
  /** A reset came while paused. */
  fresh = false;
  paused = false;
  held = false;
  stale = false;
  /** @type {Set<string>} */
  moved = new Set();
  compare = order("attention");
  sorted = false; // by compare, apart from the rows that have moved

  /** @param {JourneysEvent} event @returns {boolean} whether what is shown changes */
  take(event) {
    if (this.paused) {
      if (event.reset) {
        this.fresh = true;
        this.waiting.clear();
      }
      for (const row of event.upsert) this.waiting.set(row.id, row);
      for (const id of event.remove) this.waiting.set(id, null);
      return false;
    }
    if (event.reset) this.#clear(new Set(event.upsert.map((row) => row.id)));
    for (const row of event.upsert) this.#put(row);
    for (const id of event.remove) this.#drop(id);
    this.#limit();
    return event.reset || event.upsert.length + event.remove.length > 0;
  }

  /** @param {boolean} paused */
  pause(paused) {
    const before = this.paused;
    this.paused = paused;
    if (paused || !before) return;
    if (this.fresh) this.#clear(new Set(this.waiting.keys()));
    for (const [id, row] of this.waiting) if (row) this.#put(row); else this.#drop(id);
    this.waiting.clear();
    this.fresh = false;
    this.#limit();
  }

  /** rest takes journeys that ended before a time from the live ones. @param {number} ended in ms */
  rest(ended) {
    for (const [id, one] of this.live) if (one.row.state === "done" && one.since < ended) this.live.delete(id);
  }

  /** hold keeps the order that is shown, whatever changes. @param {boolean} held */
  hold(held) {
    this.held = held;
  }

  /** sort chooses another order. @param {string|null} name */
  sort(name) {
    const compare = order(name);
    this.sorted &&= compare === this.compare;
    this.compare = compare;
    this.stale = true;
    this.settle(true);
  }

  /**
   * settle puts the rows into order, unless the order is held.
   * @param {boolean} [anyway]
   * @returns {boolean} whether the order may have changed
   */
  settle(anyway = false) {
    if (!this.stale || (this.held && !anyway)) return false;
    this.stale = false;
    this.shown = this.sorted ? this.#merged() : [...this.entries.values()].sort(this.compare);
    this.sorted = true;
    this.moved.clear();
    this.gone.clear();
    return true;
  }

  /** #merged puts the rows that have moved between the others, which are in order: 50 of 5,000 move in an update. */
  #merged() {
    const moved = [...this.moved].flatMap((id) => this.entries.get(id) ?? []).sort(this.compare);
    /** @type {Entry[]} */
    const all = [];
    let next = 0;
    for (const one of this.shown) {
      if (this.moved.has(one.row.id)) continue;
      for (let other = moved[next]; other && this.compare(other, one) < 0; other = moved[++next]) all.push(other);
      all.push(one);
    }
    for (; next < moved.length; next++) all.push(/** @type {Entry} */ (moved[next]));
    return all;
  }

  /** newest returns the newest entry of a row, or the last one if the row has gone. @param {Entry} one */
  newest(one) {
    return this.entries.get(one.row.id) ?? one;
  }

  /** @param {Row} row */
  #put(row) {
    const before = this.entries.get(row.id);
    if (before && before.row.version > row.version) return;
    const now = entry(row);
    if (before && !this.moved.has(row.id) && this.compare(before, now) === 0) {
      this.live.set(row.id, Object.assign(before, now)); // its place is the same
    } else {
      this.entries.set(row.id, now);
      this.live.set(row.id, now);
      this.stale = true;
      this.moved.add(row.id);
    }
    this.gone.delete(row.id);
  }

  /** @param {string} id */
  #drop(id) {
    if (!this.entries.delete(id)) return;
    this.live.delete(id);
    this.gone.add(id);
    this.moved.add(id);
    this.stale = true;
  }

  /** @param {Set<string>} kept */
  #clear(kept) {
    for (const id of this.entries.keys()) if (!kept.has(id)) this.#drop(id);
    this.stale = true;
  }

  #limit() {
    if (this.entries.size <= most + slack) return;
    const oldest = [...this.entries.values()].sort((a, b) => a.start - b.start).slice(0, this.entries.size - most);
    for (const one of oldest) this.#drop(one.row.id);
  }
}
