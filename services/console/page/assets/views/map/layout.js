// Where the nodes and links of a map are drawn: layers from left to right. Links that lead back run below, on a rail for each node
// that they lead to.
import { backArcs, layersOf, sorted } from "./order.js";
import { spread } from "./spread.js";

/** @typedef {import("./graph.js").Graph} Graph */
/** @typedef {{x: number, y: number}} Point */
/** @typedef {{id: string, x: number, y: number, width: number, height: number, layer: number}} Box x and y are its centre */
/** @typedef {{id: string, path: string, back: boolean, at: Point}} Line at is where its label is */
/** @typedef {{boxes: Map<string, Box>, lines: Map<string, Line>, width: number, height: number}} Layout */

export const boxHeight = 36;
const between = 16; // between boxes of a layer
const gutter = 68; // between layers
const margin = 24;
const railGap = 14;

/** boxWidth leaves room for the sign of a queue. @param {{name: string, kind: string}} node */
export const boxWidth = ({ name, kind }) => Math.min(262, Math.max(90, Math.min(30, name.length) * (kind === "service" ? 7.6 : 6.4) + (kind === "queue" || kind === "dead" ? 56 : 32)));

/**
 * layout places a graph.
 * @param {Graph} graph
 * @returns {Layout}
 */
export function layout(graph) {
  const ids = graph.nodes.map((node) => node.id);
  const loops = graph.links.filter((link) => link.from !== link.to);
  const outside = graph.nodes.filter((node) => node.kind === "outside").map((node) => node.id);
  const back = backArcs(ids, loops, outside);
  const layerOf = layersOf(ids, loops.filter((arc) => !back.has(arc)));
  const chains = new Map(loops.filter((arc) => !back.has(arc)).map((arc) => [arc.id, chain(arc, layerOf)]));
  const order = sorted(filled(graph, layerOf, chains), pairs(chains));
  const boxes = place(graph, order, pairs(chains));
  const tall = Math.max(0, ...[...boxes.values()].map((box) => box.y + box.height / 2));

  /** @type {Map<string, Line>} */
  const lines = new Map();
  const rails = [...new Set([...back].filter((arc) => !near(arc, layerOf)).map((arc) => arc.to))];
  for (const link of graph.links) {
    const from = /** @type {Box} */ (boxes.get(link.from));
    const to = /** @type {Box} */ (boxes.get(link.to));
    if (link.from === link.to) lines.set(link.id, loop(link.id, from));
    else if (!back.has(link)) lines.set(link.id, forward(link.id, from, to, chains.get(link.id) ?? [], boxes, back.size > 0 && mutual(graph, link)));
    else if (near(link, layerOf)) lines.set(link.id, returning(link.id, from, to));
    else lines.set(link.id, rail(link.id, from, to, sides(boxes, from.layer)[1] + 12, tall + railGap * (rails.indexOf(link.to) + 1.4), sides(boxes, to.layer)[0] - 20));
  }
  const real = new Map([...boxes].filter(([id]) => layerOf.has(id)));
  const right = Math.max(0, ...[...real.values()].map((box) => box.x + box.width / 2));
  return { boxes: real, lines, width: right + margin + (rails.length ? 20 : 0), height: tall + margin + (rails.length ? railGap * (rails.length + 1) : 0) };
}

/** near reports whether a link leads back by one layer. @param {{from: string, to: string}} arc @param {Map<string, number>} layerOf */
const near = (arc, layerOf) => (layerOf.get(arc.from) ?? 0) - (layerOf.get(arc.to) ?? 0) === 1;

/** @param {Graph} graph @param {{from: string, to: string}} link */
const mutual = (graph, link) => graph.links.some((other) => other.from === link.to && other.to === link.from);

/**
 * chain returns the ids of the points between the layers that a long link passes.
 * @param {{id: string, from: string, to: string}} arc
 * @param {Map<string, number>} layerOf
 */
function chain(arc, layerOf) {
  const ids = [arc.from];
  for (let layer = (layerOf.get(arc.from) ?? 0) + 1; layer < (layerOf.get(arc.to) ?? 0); layer++) ids.push(`${arc.id}@${layer}`);
  return [...ids, arc.to];
}

/** @param {Map<string, string[]>} chains */
const pairs = (chains) => [...chains.values()].flatMap((ids) => ids.slice(1).map((to, i) => ({ from: ids[i] ?? "", to })));

/** filled returns the ids of each layer, with the points of long links. @param {Graph} graph @param {Map<string, number>} layerOf @param {Map<string, string[]>} chains */
function filled(graph, layerOf, chains) {
  /** @type {string[][]} */
  const layers = Array.from({ length: Math.max(0, ...layerOf.values()) + 1 }, () => []);
  for (const node of graph.nodes) layers[layerOf.get(node.id) ?? 0]?.push(node.id);
  for (const ids of chains.values()) {
    const first = layerOf.get(ids[0] ?? "") ?? 0;
    ids.slice(1, -1).forEach((id, i) => layers[first + 1 + i]?.push(id));
  }
  return layers;
}

/** @param {Graph} graph @param {string[][]} order @param {{from: string, to: string}[]} arcs */
function place(graph, order, arcs) {
  const nodes = new Map(graph.nodes.map((node) => [node.id, boxWidth(node)]));
  const widths = order.map((layer) => Math.max(0, ...layer.map((id) => nodes.get(id) ?? 0)));
  const height = (/** @type {string} */ id) => (nodes.has(id) ? boxHeight + between : 14);
  const heights = spread(order, arcs, height);
  /** @type {Map<string, Box>} */
  const boxes = new Map();
  let left = margin;
  order.forEach((layer, i) => {
    const wide = widths[i] ?? 0;
    for (const id of layer) {
      boxes.set(id, {
        id, x: left + wide / 2, y: margin + (heights.get(id) ?? 0), layer: i,
        width: nodes.get(id) ?? wide, height: nodes.has(id) ? boxHeight : 0,
      });
    }
    left += wide + gutter;
  });
  return boxes;
}

/** @param {string} id @param {Box} from @param {Box} to @param {string[]} ids @param {Map<string, Box>} boxes @param {boolean} aside @returns {Line} */
function forward(id, from, to, ids, boxes, aside) {
  const shift = aside ? -6 : 0;
  const inner = ids.slice(1, -1).map((point) => /** @type {Box} */ (boxes.get(point)));
  let path = `M${edge(from, 1)} ${from.y + shift}`;
  let [x, y] = [edge(from, 1), from.y + shift];
  /** @type {Point} */
  let at = { x, y };
  const to2 = (/** @type {number} */ nx, /** @type {number} */ ny) => {
    const middle = (x + nx) / 2;
    path += ` C${middle} ${y} ${middle} ${ny} ${nx} ${ny}`;
    [x, y] = [nx, ny];
  };
  for (const point of inner) {
    to2(point.x - point.width / 2, point.y);
    path += ` H${point.x + point.width / 2}`;
    at = { x: point.x, y };
    x = point.x + point.width / 2;
  }
  const last = x;
  const height = y;
  to2(edge(to, -1) - 5, to.y + shift);
  if (inner.length === 0) at = { x: (last + x) / 2, y: (height + y) / 2 + (aside ? -9 : 0) };
  return { id, path, back: false, at };
}

/** edge is the right (1) or left (-1) side of a box. @param {Box} box @param {1|-1} side */
const edge = (box, side) => box.x + (side * box.width) / 2;

/** @param {string} id @param {Box} from @param {Box} to @returns {Line} */
function returning(id, from, to) {
  const [x, y, nx, ny] = [edge(from, -1), from.y + 6, edge(to, 1) + 5, to.y + 6];
  const middle = (x + nx) / 2;
  return { id, path: `M${x} ${y} C${middle} ${y} ${middle} ${ny} ${nx} ${ny}`, back: true, at: { x: middle - 8, y: (y + ny) / 2 + 11 } };
}

/** sides are the left and the right of the boxes of a layer. @param {Map<string, Box>} boxes @param {number} layer @returns {[number, number]} */
function sides(boxes, layer) {
  const all = [...boxes.values()].filter((box) => box.layer === layer && box.height > 0);
  return [Math.min(...all.map((box) => edge(box, -1))), Math.max(...all.map((box) => edge(box, 1)))];
}

/** rail goes down beside its layer, back below all boxes, and up beside the layer of its end. @param {string} id @param {Box} from @param {Box} to @param {number} right @param {number} low @param {number} left @returns {Line} */
function rail(id, from, to, right, low, left) {
  const path = `M${edge(from, 1)} ${from.y} H${right - 8} q8 0 8 8 V${low - 8} q0 8 -8 8 H${left + 8} q-8 0 -8 -8 V${to.y + 8} q0 -8 8 -8 H${edge(to, -1) - 5}`;
  return { id, path, back: true, at: { x: (right + left) / 2, y: low } };
}

/** @param {string} id @param {Box} box @returns {Line} */
function loop(id, box) {
  const top = box.y - box.height / 2;
  return { id, path: `M${box.x + 14} ${top} c0 -20 -28 -20 -28 -5`, back: true, at: { x: box.x, y: top - 16 } };
}
