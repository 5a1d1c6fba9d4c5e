// What a waterfall shows at the moment. It has no elements.
// @ts-check
import { clamp, follow } from "./axis.js";
import { extent } from "./bars.js";
import { nothingFolded, reveal, shown } from "./folding.js";
import { lines } from "./lines.js";
import { arcsOf, byLine } from "./links.js";

/** @typedef {import("./lines.js").Line} Line */
/** @typedef {import("./axis.js").Range} Range */
/** @typedef {import("../../types.js").Journey} Journey */

export class Board {
  /** @type {Line[]} */
  lines = [];
  /** @type {number[]} the lines that are drawn, by index */
  shown = [];
  folding = nothingFolded();
  /** @type {Range} */
  whole = { from: 0, to: 1 };
  /** @type {Range} */
  range = { from: 0, to: 1 };
  /** the width of the time column in pixels */
  width = 600;
  /** where the time column begins, in pixels from the left of the rows */
  left = 0;
  /** the key of the line that the keyboard is on */
  active = "";
  /** the key of the line whose panel is open */
  selected = "";
  critical = false;
  /** @type {Set<number>} the lines that the search found */
  found = new Set();
  /** @type {import("./links.js").Arc[]} */
  arcs = [];
  /** @type {Map<number, {out: import("./links.js").Arc[], in: import("./links.js").Arc[]}>} */
  links = new Map();
  /** @type {Map<string, number>} */
  #at = new Map();
  #first = true;
  /** @type {Map<number, number> | null} */
  #places = null;

  /** take takes the newest state of a journey. What is folded, seen, selected and active stays. @param {Journey} journey */
  take(journey) {
    this.lines = lines(journey.waterfall.rows, journey.missing);
    this.#at = new Map(this.lines.map((line, i) => [line.key, i]));
    const before = this.whole;
    this.whole = padded(extent(this.lines));
    this.range = this.#first ? { ...this.whole } : follow(this.range, before, this.whole);
    this.#first = false;
    this.arcs = arcsOf(journey.waterfall.links, this.lines);
    this.links = byLine(this.arcs);
    if (!this.#at.has(this.active)) this.active = this.lines[0]?.key ?? "";
    this.fold();
  }

  /** fold works out again which lines are shown. The active line moves to one that is shown. */
  fold() {
    this.shown = shown(this.lines, this.folding);
    this.#places = null;
    const at = this.find(this.active);
    if (at >= 0 && !this.shown.includes(at)) {
      const above = this.shown.findLast((i) => i < at) ?? this.shown[0] ?? 0;
      this.active = this.lines[above]?.key ?? "";
    }
  }

  /** line returns the line with an index of [lines]. @param {number} at */
  line(at) {
    return /** @type {Line} */ (this.lines[at]);
  }

  /** find returns the index of a line by its key, or -1. @param {string} key */
  find(key) {
    return this.#at.get(key) ?? -1;
  }

  /** show unfolds what hides a line and makes it active. It returns the place among the lines shown, or -1. @param {number} at */
  show(at) {
    if (!this.lines[at]) return -1;
    if (!this.shown.includes(at)) {
      reveal(this.lines, this.folding, at);
      this.shown = shown(this.lines, this.folding);
      this.#places = null;
    }
    this.active = this.line(at).key;
    return this.shown.indexOf(at);
  }

  /** places returns the place of each shown line, by its index. */
  places() {
    this.#places ??= new Map(this.shown.map((at, position) => [at, position]));
    return this.#places;
  }

  /** see makes a range of time the one that is seen. @param {Range} range */
  see(range) {
    this.range = clamp(range, this.whole);
  }
}

/** padded leaves a little room at the right end, so that the last bar does not touch it. @param {Range} range @returns {Range} */
const padded = ({ from, to }) => ({ from, to: to + (to - from) * 0.02 });
