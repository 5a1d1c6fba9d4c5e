// The arithmetic of a list that draws only the rows in view.

/**
 * @typedef {object} Range
 * @property {number} first the index of the first row to draw
 * @property {number} last the index after the last one
 */

/**
 * inView returns the rows to draw: those in view and some above and below.
 * @param {{top: number, height: number, rowHeight: number, count: number, over?: number}} view
 * @returns {Range}
 */
export function inView({ top, height, rowHeight, count, over = 6 }) {
  if (count <= 0 || rowHeight <= 0 || height <= 0) return { first: 0, last: 0 };
  const first = Math.min(count - 1, Math.max(0, Math.floor(top / rowHeight) - over));
  return { first, last: Math.min(count, Math.max(first + 1, Math.ceil((top + height) / rowHeight) + over)) };
}

/**
 * topFor returns the scroll position that brings a row into view with the smallest move.
 * @param {{index: number, top: number, height: number, rowHeight: number}} view
 */
export function topFor({ index, top, height, rowHeight }) {
  const from = index * rowHeight;
  if (from < top) return from;
  if (from + rowHeight > top + height) return Math.max(0, from + rowHeight - height);
  return top;
}

/**
 * assign gives each index of a range a slot of a ring of reused elements, so that scrolling by a row changes one element.
 * @param {number} index
 * @param {number} slots
 */
export const assign = (index, slots) => index % slots;
