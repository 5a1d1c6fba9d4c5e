// The time axis of a waterfall: which part is seen, and where its ticks are.
// @ts-check

/** @typedef {{from: number, to: number}} Range in milliseconds */

/** least is the shortest range that zooming reaches: 10 microseconds. */
const least = 0.01;

/** place returns where a time is in a range: 0 at its start, 1 at its end. @param {Range} range @param {number} ms */
export const place = (range, ms) => (ms - range.from) / (range.to - range.from);

/** clamp moves a range into the whole. @param {Range} range @param {Range} whole @returns {Range} */
export function clamp(range, whole) {
  const size = Math.min(Math.max(range.to - range.from, Math.min(least, whole.to - whole.from)), whole.to - whole.from);
  const from = Math.min(Math.max(range.from, whole.from), whole.to - size);
  return { from, to: from + size };
}

/**
 * zoom makes a range factor times as long. The time at stays where it is.
 * @param {Range} range @param {number} factor @param {number} at @param {Range} whole
 */
export function zoom(range, factor, at, whole) {
  const size = Math.min(Math.max((range.to - range.from) * factor, least), whole.to - whole.from);
  const share = Math.min(1, Math.max(0, place(range, at)));
  return clamp({ from: at - share * size, to: at + (1 - share) * size }, whole);
}

/** pan moves a range by a share of its size. @param {Range} range @param {number} share @param {Range} whole */
export function pan(range, share, whole) {
  const by = (range.to - range.from) * share;
  return clamp({ from: range.from + by, to: range.to + by }, whole);
}

/** isWhole says whether a range shows everything. @param {Range} range @param {Range} whole */
export const isWhole = (range, whole) => range.from <= whole.from && range.to >= whole.to;

/**
 * follow moves a range with a whole that grew: what was seen whole stays seen whole.
 * @param {Range} range @param {Range} before @param {Range} whole
 */
export const follow = (range, before, whole) => (isWhole(range, before) ? { ...whole } : clamp(range, whole));

/**
 * ticks returns round times in a range, so that about one fits into each space pixels.
 * @param {Range} range @param {number} width in pixels @param {number} space
 */
export function ticks(range, width, space = 110) {
  const size = range.to - range.from;
  const step = round(size / Math.max(1, Math.floor(width / space)));
  const out = [];
  for (let n = Math.ceil(range.from / step - 1e-9); n * step <= range.to + step * 1e-9 && out.length < 200; n++) {
    out.push({ ms: n * step || 0, at: place(range, n * step) });
  }
  return { step, list: out };
}

/** round returns the next round number: 1, 2 or 5 times a power of ten, and whole parts of minutes above a second. @param {number} size */
function round(size) {
  for (const step of [2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000, 3_600_000]) {
    if (size > 1000 && size <= step) return step;
  }
  const power = 10 ** Math.floor(Math.log10(Math.max(size, 1e-6)));
  return ([1, 2, 5, 10].find((n) => n * power >= size) ?? 10) * power;
}

/**
 * tickText writes a tick in the unit of the step.
 * @param {number} ms @param {number} step
 */
export function tickText(ms, step) {
  if (Math.abs(ms) < step / 1e6) return "0";
  const digits = (/** @type {number} */ unit) => Math.min(4, Math.max(0, Math.ceil(-Math.log10(step / unit) - 1e-9)));
  const sign = ms < 0 ? "−" : "";
  const size = Math.abs(ms);
  if (step >= 60_000) return `${sign}${Math.round(size / 60_000)} min`;
  if (size >= 60_000) {
    const seconds = (size % 60_000) / 1000;
    return `${sign}${Math.floor(size / 60_000)} min ${seconds.toFixed(digits(1000))} s`;
  }
  if (step >= 100) return `${sign}${(size / 1000).toFixed(digits(1000))} s`;
  if (step >= 0.1) return `${sign}${size.toFixed(digits(1))} ms`;
  return `${sign}${(size * 1000).toFixed(digits(0.001))} µs`;
}
