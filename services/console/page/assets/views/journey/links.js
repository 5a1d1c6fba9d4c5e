// Links between the lines of a waterfall.
// @ts-check

/** @typedef {import("../../types.js").RowLink} RowLink */
/** @typedef {import("./lines.js").Line} Line */
/** @typedef {{from: number, to: number, link: RowLink}} Arc from and to are indexes of lines; to is -1 if the linked span is not here */

/**
 * arcsOf returns the links of the waterfall between lines.
 * @param {RowLink[]} links
 * @param {Line[]} lines
 * @returns {Arc[]}
 */
export function arcsOf(links, lines) {
  const at = new Map(lines.flatMap((line, i) => (line.index < 0 ? [] : [/** @type {[number, number]} */ ([line.index, i])])));
  return links.flatMap((link) => {
    const from = at.get(link.from);
    return from === undefined ? [] : [{ from, to: at.get(link.to) ?? -1, link }];
  });
}

/**
 * byLine returns the arcs that begin or end at each line.
 * @param {Arc[]} arcs
 * @returns {Map<number, {out: Arc[], in: Arc[]}>}
 */
export function byLine(arcs) {
  /** @type {Map<number, {out: Arc[], in: Arc[]}>} */
  const map = new Map();
  const of = (/** @type {number} */ line) => {
    const known = map.get(line) ?? { out: [], in: [] };
    map.set(line, known);
    return known;
  };
  for (const arc of arcs) {
    of(arc.from).out.push(arc);
    if (arc.to >= 0) of(arc.to).in.push(arc);
  }
  return map;
}

/**
 * curve returns the path of a link: it leaves its span to the side and comes to the linked span from the side.
 * @param {{x: number, y: number}} from
 * @param {{x: number, y: number}} to
 */
export function curve(from, to) {
  const bow = Math.min(90, 24 + Math.abs(to.y - from.y) / 4);
  return `M${r(from.x)} ${r(from.y)}C${r(from.x - bow)} ${r(from.y)} ${r(to.x + bow)} ${r(to.y)} ${r(to.x)} ${r(to.y)}`;
}

/** @param {number} n */
const r = (n) => Math.round(n * 10) / 10;
