// Layers of a directed graph with cycles, and the order of the nodes within them.

/** @typedef {{from: string, to: string}} Arc */

/**
 * backArcs finds arcs without which the graph has no cycle: a search in depth that begins at the given nodes, and then at those that
 * few arcs enter.
 * @param {string[]} ids
 * @param {Arc[]} arcs
 * @param {string[]} first
 * @returns {Set<Arc>}
 */
export function backArcs(ids, arcs, first = []) {
  const entering = counts(arcs.map((arc) => arc.to));
  const leaving = counts(arcs.map((arc) => arc.from));
  const balance = (/** @type {string} */ id) => (entering.get(id) ?? 0) - (leaving.get(id) ?? 0);
  const starts = [...first, ...[...ids].sort((a, b) => Number(entering.has(a)) - Number(entering.has(b)) || balance(a) - balance(b))];
  const out = grouped(arcs, "from");
  /** @type {Map<string, "open"|"left">} */
  const state = new Map();
  /** @type {Set<Arc>} */
  const back = new Set();
  for (const start of starts) {
    if (state.has(start)) continue;
    state.set(start, "open");
    /** @type {{id: string, next: number}[]} */
    const path = [{ id: start, next: 0 }];
    for (let top = path.at(-1); top; top = path.at(-1)) {
      const arc = (out.get(top.id) ?? [])[top.next++];
      if (!arc) {
        state.set(top.id, "left");
        path.pop();
      } else if (state.get(arc.to) === "open") back.add(arc);
      else if (!state.has(arc.to)) {
        state.set(arc.to, "open");
        path.push({ id: arc.to, next: 0 });
      }
    }
  }
  return back;
}

/**
 * layersOf places every node one layer after the last of those before it: the longest path. The arcs must have no cycle.
 * @param {string[]} ids
 * @param {Arc[]} arcs
 * @returns {Map<string, number>}
 */
export function layersOf(ids, arcs) {
  const waiting = counts(arcs.map((arc) => arc.to));
  const out = grouped(arcs, "from");
  const layers = new Map(ids.map((id) => [id, 0]));
  const ready = ids.filter((id) => !waiting.has(id));
  for (let id = ready.shift(); id !== undefined; id = ready.shift()) {
    for (const { to } of out.get(id) ?? []) {
      layers.set(to, Math.max(layers.get(to) ?? 0, (layers.get(id) ?? 0) + 1));
      const left = (waiting.get(to) ?? 0) - 1;
      waiting.set(to, left);
      if (left === 0) ready.push(to);
    }
  }
  return layers;
}

/**
 * sorted orders the nodes of each layer by the barycentre of their neighbours, to and fro, and returns the order with the fewest
 * crossings that it met.
 * @param {string[][]} layers
 * @param {Arc[]} arcs between neighbouring layers only
 * @returns {string[][]}
 */
export function sorted(layers, arcs) {
  const before = grouped(arcs, "to");
  const after = grouped(arcs, "from");
  let present = layers.map((layer) => [...layer]);
  let best = present;
  let fewest = crossings(present, after);
  for (let round = 0; round < 12 && fewest > 0; round++) {
    const down = round % 2 === 0;
    const order = present.map((layer) => [...layer]);
    for (let step = 1; step < order.length; step++) {
      const i = down ? step : order.length - 1 - step;
      const places = place(order[down ? i - 1 : i + 1] ?? []);
      const near = (/** @type {string} */ id) => (down ? (before.get(id) ?? []).map((arc) => arc.from) : (after.get(id) ?? []).map((arc) => arc.to));
      order[i] = byBarycentre(order[i] ?? [], near, places);
    }
    present = order;
    const found = crossings(order, after);
    if (found < fewest) [best, fewest] = [order, found];
  }
  return best;
}

/** @param {string[]} layer @param {(id: string) => string[]} near @param {Map<string, number>} places */
function byBarycentre(layer, near, places) {
  const centre = new Map(layer.map((id, i) => {
    const found = near(id).map((other) => places.get(other)).filter((at) => at !== undefined);
    return [id, found.length ? found.reduce((sum, at) => sum + at, 0) / found.length : i];
  }));
  return [...layer].sort((a, b) => (centre.get(a) ?? 0) - (centre.get(b) ?? 0));
}

/** crossings counts the pairs of arcs that cross. @param {string[][]} layers @param {Map<string, Arc[]>} after */
export function crossings(layers, after) {
  let total = 0;
  for (let i = 0; i + 1 < layers.length; i++) {
    const places = place(layers[i + 1] ?? []);
    const ends = (layers[i] ?? []).map((id) => (after.get(id) ?? []).map((arc) => places.get(arc.to) ?? 0));
    for (let a = 0; a < ends.length; a++) {
      for (let b = a + 1; b < ends.length; b++) {
        for (const x of ends[a] ?? []) for (const y of ends[b] ?? []) if (x > y) total++;
      }
    }
  }
  return total;
}

/** @param {string[]} layer */
const place = (layer) => new Map(layer.map((id, i) => [id, i]));

/** @param {string[]} names */
function counts(names) {
  /** @type {Map<string, number>} */
  const found = new Map();
  for (const name of names) found.set(name, (found.get(name) ?? 0) + 1);
  return found;
}

/** grouped puts arcs together by one of their ends. @param {Arc[]} arcs @param {"from"|"to"} end @returns {Map<string, Arc[]>} */
export function grouped(arcs, end) {
  /** @type {Map<string, Arc[]>} */
  const groups = new Map();
  for (const arc of arcs) {
    const group = groups.get(arc[end]);
    if (group) group.push(arc);
    else groups.set(arc[end], [arc]);
  }
  return groups;
}
