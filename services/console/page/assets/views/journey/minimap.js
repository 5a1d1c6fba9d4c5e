// The minimap: a whole journey in a strip, a thin line for each span.
// @ts-check
import { partsOf } from "./bars.js";
import { place } from "./axis.js";

/** @typedef {import("./lines.js").Line} Line */
/** @typedef {import("./axis.js").Range} Range */
/** @typedef {{kind: string, lane: number, from: number, to: number, failed: boolean}} Stroke from and to are shares of the width */

/**
 * strokes returns what a minimap draws. More spans than lanes share a lane, and parts that are too short to see are widened.
 * Strokes that cover the same pixels of a lane are drawn once, so that 5,000 spans make no more than lanes × width strokes.
 * @param {Line[]} lines
 * @param {Range} whole
 * @param {number} lanes
 * @param {number} width in pixels
 * @returns {Stroke[]}
 */
export function strokes(lines, whole, lanes, width) {
  const spans = lines.filter((line) => line.row && !line.database);
  const seen = new Set();
  /** @type {Stroke[]} */
  const out = [];
  spans.forEach((line, i) => {
    if (!line.row) return;
    const lane = spans.length <= lanes ? i : Math.floor((i * lanes) / spans.length);
    for (const part of partsOf(line.row)) {
      const from = Math.round(place(whole, part.from) * width);
      const to = Math.max(from + 1, Math.round(place(whole, part.to) * width));
      const failed = part.kind === "work" && Boolean(line.row.failed);
      const key = `${lane} ${part.kind} ${from} ${to} ${failed}`;
      if (seen.has(key)) continue;
      seen.add(key);
      out.push({ kind: part.kind, lane, from: from / width, to: to / width, failed });
    }
  });
  return out;
}
