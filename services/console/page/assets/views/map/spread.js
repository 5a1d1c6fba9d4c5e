// Heights of the nodes in layers: near their neighbours, in a given order, without overlaps.

/** @typedef {{from: string, to: string}} Arc */

/**
 * spread returns the middle of each node. It moves each node towards the mean of its neighbours, some times to and fro.
 * @param {string[][]} layers
 * @param {Arc[]} arcs between neighbouring layers
 * @param {(id: string) => number} height with the gap
 * @returns {Map<string, number>}
 */
export function spread(layers, arcs, height) {
  /** @type {Map<string, number>} */
  const at = new Map();
  for (const layer of layers) {
    let top = 0;
    for (const id of layer) {
      at.set(id, top + height(id) / 2);
      top += height(id);
    }
  }
  const near = neighbours(arcs);
  for (let round = 0; round < 10; round++) {
    const order = round % 2 === 0 ? layers : [...layers].reverse();
    for (const layer of order) {
      const wishes = layer.map((id) => mean((near.get(id) ?? []).map((other) => at.get(other) ?? 0)) ?? at.get(id) ?? 0);
      settle(layer, wishes, height).forEach((y, i) => at.set(layer[i] ?? "", y));
    }
  }
  const top = Math.min(...layers.flat().map((id) => (at.get(id) ?? 0) - height(id) / 2));
  for (const [id, y] of at) at.set(id, y - (Number.isFinite(top) ? top : 0));
  return at;
}

/**
 * settle returns the places nearest to the wishes at which nothing overlaps and the order stays: neighbours that overlap become one
 * block around the mean of their wishes.
 * @param {string[]} layer
 * @param {number[]} wishes
 * @param {(id: string) => number} height
 * @returns {number[]}
 */
export function settle(layer, wishes, height) {
  /** @type {{first: number, offsets: number[], sum: number, at: number, tall: number}[]} */
  const blocks = [];
  layer.forEach((id, i) => {
    const own = height(id);
    blocks.push({ first: i, offsets: [own / 2], sum: (wishes[i] ?? 0) - own / 2, at: (wishes[i] ?? 0) - own / 2, tall: own });
    for (let last = blocks.at(-1), before = blocks.at(-2); last && before && before.at + before.tall > last.at; last = blocks.at(-1), before = blocks.at(-2)) {
      const tall = before.tall;
      before.offsets.push(...last.offsets.map((offset) => offset + tall));
      before.sum += last.sum - tall * last.offsets.length;
      before.tall += last.tall;
      before.at = before.sum / before.offsets.length;
      blocks.pop();
    }
  });
  return blocks.flatMap((block) => block.offsets.map((offset) => block.at + offset));
}

/** @param {Arc[]} arcs */
function neighbours(arcs) {
  /** @type {Map<string, string[]>} */
  const near = new Map();
  const put = (/** @type {string} */ a, /** @type {string} */ b) => {
    const found = near.get(a);
    if (found) found.push(b);
    else near.set(a, [b]);
  };
  for (const { from, to } of arcs) {
    put(from, to);
    put(to, from);
  }
  return near;
}

/** @param {number[]} values */
const mean = (values) => (values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : undefined);
