// The parts of a bar that are on the critical path.
// @ts-check

/** @typedef {import("./bars.js").Part} Part */

/**
 * clip cuts parts down to ranges.
 * @param {Part[]} parts
 * @param {[number, number][]} ranges
 * @returns {Part[]}
 */
export function clip(parts, ranges) {
  return parts.flatMap((part) => ranges.flatMap(([from, to]) => {
    const cut = { ...part, from: Math.max(part.from, from), to: Math.min(part.to, to) };
    return cut.to > cut.from ? [cut] : [];
  }));
}
