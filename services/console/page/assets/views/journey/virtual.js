// Which rows of a long list are drawn.
// @ts-check

/**
 * windowOf returns the rows that a viewport sees, with some more above and below.
 * @param {{top: number, height: number, row: number, count: number, more?: number}} at top is the distance in pixels from the first
 *   row down to the top of the viewport; it is negative while the list begins further down.
 * @returns {{from: number, to: number}} to is after the last row
 */
export function windowOf({ top, height, row, count, more = 8 }) {
  const from = Math.max(0, Math.floor(top / row) - more);
  const to = Math.min(count, Math.ceil((top + height) / row) + more);
  return { from: Math.min(from, count), to: Math.max(Math.min(from, count), to) };
}
