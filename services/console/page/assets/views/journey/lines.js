// The lines of a waterfall: its spans in the order of the tree, and what is missing as lines of their own.
// @ts-check

/** @typedef {import("../../types.js").WaterfallRow} WaterfallRow */
/** @typedef {import("../../types.js").Gap} Gap */
/** @typedef {import("../../types.js").Missing} Missing */

/**
 * A line is a span (row is set) or something that is missing (gap is set).
 * @typedef {object} Line
 * @property {string} key names the line in the URL and across updates
 * @property {WaterfallRow | null} row
 * @property {Gap | null} gap
 * @property {number} index the index of the row in the waterfall, or -1
 * @property {number} depth
 * @property {number} parent the index of the line above in the tree, or -1
 * @property {number} end the index after the last line of its subtree
 * @property {boolean} database the subtree has database spans only
 * @property {number} databases how many database spans are directly below
 * @property {number} place its place among its siblings, from 1
 * @property {number} siblings
 */

/** at returns a line that must be there. @param {Line[]} lines @param {number} i */
export const at = (lines, i) => /** @type {Line} */ (lines[i]);

/** @param {{traceId: string, spanId: string}} span */
export const keyOf = (span) => `${span.traceId}-${span.spanId}`;

/**
 * lines returns the lines of a waterfall. A gap stands as the last child of the span after which it was expected.
 * @param {WaterfallRow[]} rows
 * @param {Missing | null | undefined} missing
 * @returns {Line[]}
 */
export function lines(rows, missing) {
  const children = childrenOf(rows);
  const gaps = gapsOf(missing);
  const keys = new Set();
  /** @type {Line[]} */
  const out = [];
  const add = (/** @type {Partial<Line>} */ line, /** @type {string} */ key) => {
    let unique = key;
    for (let n = 2; keys.has(unique); n++) unique = `${key}-${n}`;
    keys.add(unique);
    out.push(/** @type {Line} */ ({
      row: null, gap: null, index: -1, database: false, databases: 0, end: 0, place: 1, siblings: 1, ...line, key: unique,
    }));
    return out.length - 1;
  };
  // A stack, because a chain of 5,000 spans must not overflow the calls.
  /** @type {{index: number, gap: Gap | null, depth: number, parent: number, close: number}[]} */
  const todo = [];
  const push = (/** @type {number[]} */ list, /** @type {Gap[]} */ lacking, /** @type {number} */ depth, /** @type {number} */ parent) => {
    for (const gap of lacking.toReversed()) todo.push({ index: -1, gap, depth, parent, close: -1 });
    for (const index of list.toReversed()) todo.push({ index, gap: null, depth, parent, close: -1 });
  };
  push(children.roots, gaps.without, 0, -1);
  for (let next = todo.pop(); next; next = todo.pop()) {
    if (next.close >= 0) {
      at(out, next.close).end = out.length;
      continue;
    }
    const row = rows[next.index] ?? null;
    const key = row ? keyOf(row) : `gap-${next.parent < 0 ? "root" : at(out, next.parent).key}`;
    const place = add({ row, gap: next.gap, index: next.index, depth: next.depth, parent: next.parent }, key);
    todo.push({ ...next, close: place });
    if (row) push(children.of[next.index] ?? [], gaps.after.get(keyOf(row)) ?? [], next.depth + 1, place);
  }
  // Gaps after spans that are not here stand at the end.
  for (const gap of gaps.rest(new Set(rows.map(keyOf)))) at(out, add({ gap, depth: 0, parent: -1 }, "gap-root")).end = out.length;
  finish(out);
  return out;
}

/** childrenOf repairs what cannot be a tree: a parent that is out of range, the row itself, or below it. @param {WaterfallRow[]} rows */
function childrenOf(rows) {
  /** @type {number[][]} */
  const of = rows.map(() => []);
  /** @type {number[]} */
  const roots = [];
  rows.forEach((row, i) => {
    const parent = row.parent;
    if (Number.isInteger(parent) && parent >= 0 && parent < i) of[parent]?.push(i);
    else roots.push(i);
  });
  return { of, roots };
}

/** @param {Missing | null | undefined} missing */
function gapsOf(missing) {
  /** @type {Map<string, Gap[]>} */
  const after = new Map();
  /** @type {Gap[]} */
  const without = [];
  for (const gap of missing?.gaps ?? []) {
    if (!gap.after) without.push(gap);
    else after.set(keyOf(gap.after), [...(after.get(keyOf(gap.after)) ?? []), gap]);
  }
  const rest = (/** @type {Set<string>} */ known) => [...after].filter(([key]) => !known.has(key)).flatMap(([, gaps]) => gaps);
  return { after, without, rest };
}

/** finish counts siblings, and tells subtrees that have database spans only. @param {Line[]} out */
function finish(out) {
  /** @type {Map<number, number[]>} */
  const siblings = new Map();
  out.forEach((line, i) => {
    const list = siblings.get(line.parent);
    if (list) list.push(i);
    else siblings.set(line.parent, [i]);
  });
  for (const list of siblings.values()) list.forEach((i, n) => Object.assign(at(out, i), { place: n + 1, siblings: list.length }));
  for (let i = out.length - 1; i >= 0; i--) {
    const line = at(out, i);
    const below = siblings.get(i) ?? [];
    line.database = Boolean(line.row?.database) && below.every((child) => at(out, child).database);
    line.databases = below.filter((child) => at(out, child).database).reduce((n, child) => n + at(out, child).end - child, 0);
  }
}
