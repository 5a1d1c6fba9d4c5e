// Which lines of a waterfall are shown: subtrees are folded by hand, and database spans until they are asked for.
// @ts-check

import { at } from "./lines.js";

/** @typedef {import("./lines.js").Line} Line */

/**
 * @typedef {object} Folding
 * @property {Set<string>} folded keys of lines whose subtree is hidden
 * @property {Set<string>} opened keys of lines whose database spans are shown
 * @property {boolean} database all database spans are shown
 */

/** @returns {Folding} */
export const nothingFolded = () => ({ folded: new Set(), opened: new Set(), database: false });

/**
 * shown returns the indexes of the lines to draw.
 * @param {Line[]} lines
 * @param {Folding} folding
 */
export function shown(lines, folding) {
  /** @type {number[]} */
  const out = [];
  for (let i = 0; i < lines.length;) {
    const line = at(lines, i);
    if (line.database && hides(lines, folding, line.parent)) {
      i = line.end;
      continue;
    }
    out.push(i);
    i = folding.folded.has(line.key) ? line.end : i + 1;
  }
  return out;
}

/** @param {Line[]} lines @param {Folding} folding @param {number} parent */
const hides = (lines, folding, parent) => !folding.database && parent >= 0 && !at(lines, parent).database && !folding.opened.has(at(lines, parent).key);

/**
 * hidden returns how many database spans directly below a line are not shown.
 * @param {Line} line
 * @param {Folding} folding
 */
export const hidden = (line, folding) => (folding.database || folding.opened.has(line.key) || line.database ? 0 : line.databases);

/**
 * foldable says whether a line has a subtree to fold that is not hidden anyway.
 * @param {Line} line
 * @param {number} index of the line
 * @param {Folding} folding
 */
export const foldable = (line, index, folding) => line.end - index - 1 - hidden(line, folding) > 0;

/**
 * reveal opens everything that hides a line.
 * @param {Line[]} lines
 * @param {Folding} folding
 * @param {number} index of the line
 */
export function reveal(lines, folding, index) {
  for (let line = at(lines, index); line.parent >= 0; line = at(lines, line.parent)) {
    const parent = at(lines, line.parent);
    folding.folded.delete(parent.key);
    if (line.database && !parent.database) folding.opened.add(parent.key);
  }
}
