// The parts of a line's bar: back-off, wait and work apart.
// @ts-check

/** @typedef {import("./lines.js").Line} Line */
/** @typedef {import("../../types.js").WaterfallRow} WaterfallRow */

/**
 * A part of a bar. open reports that it has not ended.
 * @typedef {{kind: "work" | "wait" | "backoff" | "dead" | "database" | "missing", from: number, to: number, open?: boolean, guess?: boolean}} Part
 */

/**
 * partsOf returns the parts of a span, by time. A back-off counts from the end of the attempt before to the start of the span, so
 * a wait in the queue ends it. A wait that is longer than the back-off counts from the first send: it is told in words only.
 * @param {WaterfallRow} row
 * @returns {Part[]}
 */
export function partsOf(row) {
  /** @type {Part[]} */
  const parts = [];
  const start = number(row.startMs);
  const back = Math.max(0, number(row.backOff?.ms));
  let wait = Math.max(0, number(row.wait?.ms));
  if (row.backOff && back > 0) {
    if (wait >= back) wait = 0;
    parts.push({ kind: row.backOff.dead ? "dead" : "backoff", from: start - back, to: start - wait });
  }
  if (row.wait && wait > 0) parts.push({ kind: "wait", from: start - wait, to: start, guess: !row.wait.told });
  parts.push({ kind: row.database ? "database" : "work", from: start, to: start + Math.max(0, number(row.durationMs)) });
  return parts;
}

/** @param {unknown} value */
const number = (value) => (typeof value === "number" && Number.isFinite(value) ? value : 0);

/**
 * extent returns the first and the last time of all lines, in milliseconds from the start of the waterfall. A wait may begin
 * before the first span. now is the present, for a journey under way, or 0.
 * @param {Line[]} lines
 * @param {number} now
 */
export function extent(lines, now = 0) {
  let from = 0;
  let to = now;
  for (const line of lines) {
    if (!line.row) continue;
    const parts = partsOf(line.row);
    for (const part of parts) {
      from = Math.min(from, part.from);
      to = Math.max(to, part.to);
    }
  }
  return { from, to: to > from ? to : from + 1 };
}

/**
 * gapPart returns the open bar of something that is missing: from the end of the span before it to the end of the axis.
 * @param {Line[]} lines
 * @param {Line} line
 * @param {{from: number, to: number}} range
 * @returns {Part}
 */
export function gapPart(lines, line, range) {
  const before = lines[line.parent]?.row;
  const from = before ? number(before.startMs) + Math.max(0, number(before.durationMs)) : range.from;
  return { kind: "missing", from, to: Math.max(range.to, from), open: true };
}

/** sums adds up what the spans of a journey did. @param {Line[]} lines */
export function sums(lines) {
  const sum = { wait: 0, backoff: 0, dead: 0, work: 0, database: 0 };
  for (const line of lines) {
    if (!line.row) continue;
    for (const part of partsOf(line.row)) if (part.kind !== "missing") sum[part.kind] += part.to - part.from;
  }
  return sum;
}
