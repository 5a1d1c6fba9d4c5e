// The movement of dots: from where they are to where their orders are.

/** @typedef {{x: number, y: number, fromX: number, fromY: number, toX: number, toY: number, at: number}} Moving */

/** lasts is how long a dot moves, in ms. */
export const lasts = 480;

/** ease starts and ends gently. @param {number} t from 0 to 1 */
export const ease = (t) => (t < 0.5 ? 4 * t ** 3 : 1 - (2 - 2 * t) ** 3 / 2);

/**
 * aim sends a dot to a position, from where it is now.
 * @param {Moving} dot
 * @param {{x: number, y: number}} to
 * @param {number} now
 * @param {boolean} still no animation: the dot is there at once
 */
export function aim(dot, to, now, still) {
  if (dot.toX === to.x && dot.toY === to.y) return;
  dot.fromX = dot.x;
  dot.fromY = dot.y;
  dot.toX = to.x;
  dot.toY = to.y;
  dot.at = now;
  if (still) step(dot, now + lasts);
}

/**
 * step moves a dot.
 * @param {Moving} dot
 * @param {number} now
 * @returns {boolean} whether it still moves
 */
export function step(dot, now) {
  if (dot.x === dot.toX && dot.y === dot.toY) return false;
  const t = Math.min(1, Math.max(0, (now - dot.at) / lasts));
  const share = ease(t);
  dot.x = t === 1 ? dot.toX : dot.fromX + (dot.toX - dot.fromX) * share;
  dot.y = t === 1 ? dot.toY : dot.fromY + (dot.toY - dot.fromY) * share;
  return t < 1;
}
