// The graph of a map: services and queues as nodes, and what goes between them as links.

/** @typedef {import("../../types.js").Edge} MapEdge */
/** @typedef {import("../../types.js").ServiceMap} SystemMap */
/** @typedef {import("../../types.js").Way} Way an event that a service sends into a queue */

/**
 * A link is everything that goes from one node to another. send is the way into a queue, take the way out of it, and call a request.
 * @typedef {object} Link
 * @property {string} id
 * @property {string} from the id of a node
 * @property {string} to
 * @property {"send"|"take"|"call"} kind
 * @property {string[]} whats routing keys, or names of requests
 * @property {MapEdge[]} edges what was seen; empty if it is only declared
 * @property {number} count
 * @property {number} errors
 * @property {number} rate
 * @property {boolean} undeclared it was seen, and no contract has it; of a way out of a queue, all of it
 * @property {number} waiting messages that were sent and that no consumer has handled yet
 */

/**
 * @typedef {object} MapNode
 * @property {string} id
 * @property {"service"|"queue"|"outside"|"dead"|"none"} kind
 * @property {string} name
 * @property {boolean} seen
 */

/** @typedef {{nodes: MapNode[], links: Link[]}} Graph */

/**
 * graphOf makes a graph of a map.
 * @param {SystemMap} map
 * @returns {Graph}
 */
export function graphOf(map) {
  const maker = newMaker();
  for (const name of map.services ?? []) maker.service(name, true);
  const undeclared = new Set((map.seenNotDeclared ?? []).map(wayKey));
  const edges = known(map.edges ?? []);
  const handled = new Map(edges.filter((edge) => edge.queue).map((edge) => [JSON.stringify([edge.from, edge.what]), edge]));
  for (const edge of edges) {
    const other = edge.to || edge.queue ? undefined : handled.get(JSON.stringify([edge.from, edge.what]));
    if (other) {
      maker.waiting(other, edge.count);
      continue;
    }
    const foreign = Boolean(edge.exchange) && undeclared.has(wayKey({ event: edge.what, from: edge.from, queue: edge.queue ?? "" }));
    maker.edge(edge, foreign);
  }
  for (const way of map.declaredNotSeen ?? []) maker.declared(way);
  return maker.graph();
}

/**
 * known gives messages without a sender to the only service that sends their like: the span of the sender has not arrived yet.
 * @param {MapEdge[]} edges
 */
function known(edges) {
  /** @type {Map<string, Set<string>>} */
  const senders = new Map();
  for (const { from, what } of edges) if (from) senders.set(what, (senders.get(what) ?? new Set()).add(from));
  return edges.map((edge) => {
    const only = senders.get(edge.what);
    return edge.from === "" && only?.size === 1 ? { ...edge, from: [...only][0] ?? "" } : edge;
  });
}

/** @param {Way} way */
const wayKey = (way) => JSON.stringify([way.event, way.from, way.queue]);

/** callers are names of what is outside of the traces. */
const callers = new Set(["client", ""]);

function newMaker() {
  /** @type {Map<string, MapNode>} */
  const nodes = new Map();
  /** @type {Map<string, Link>} */
  const links = new Map();

  /** @param {MapNode["kind"]} kind @param {string} name @param {boolean} seen */
  const node = (kind, name, seen) => {
    const id = `${kind}:${name}`;
    const known = nodes.get(id);
    if (known) known.seen ||= seen;
    else nodes.set(id, { id, kind, name, seen });
    return id;
  };
  /** @param {string} name @param {boolean} seen */
  const service = (name, seen) => node(callers.has(name) ? "outside" : "service", name || "unknown sender", seen);

  /** @param {string} from @param {string} to @param {Link["kind"]} kind @returns {Link} */
  const link = (from, to, kind) => {
    const id = `${from} → ${to}`;
    const made = links.get(id) ?? { id, from, to, kind, whats: [], edges: [], count: 0, errors: 0, rate: 0, undeclared: false, waiting: 0 };
    links.set(id, made);
    return made;
  };
  /** @param {Link} l @param {MapEdge} edge @param {boolean} foreign @param {boolean} failed errors count at this end */
  const count = (l, edge, foreign, failed) => {
    if (!l.whats.includes(edge.what)) l.whats.push(edge.what);
    l.edges.push(edge);
    l.count += edge.count;
    l.rate += edge.ratePerSecond;
    if (failed) l.errors += edge.errors;
    l.undeclared = l.kind === "take" ? foreign && (l.edges.length === 1 || l.undeclared) : foreign || l.undeclared;
  };

  return {
    service,
    /** @param {MapEdge} edge @param {boolean} foreign */
    edge(edge, foreign) {
      const from = service(edge.from, true);
      if (edge.queue) {
        const queue = node("queue", edge.queue, true);
        count(link(from, queue, "send"), edge, foreign, !edge.to);
        if (edge.to) count(link(queue, service(edge.to, true), "take"), edge, foreign, true);
      } else if (edge.to) {
        count(link(from, service(edge.to, true), "call"), edge, foreign, true);
      } else {
        const dead = (edge.exchange ?? "").endsWith(".dead");
        const sink = dead ? node("dead", `${edge.what}.dead`, true) : node("none", edge.what || edge.exchange || "a message", true);
        count(link(from, sink, "send"), edge, foreign, true);
      }
    },
    /** waiting adds messages on their way to the queue of another edge. @param {MapEdge} other @param {number} n */
    waiting(other, n) {
      link(service(other.from, true), node("queue", other.queue ?? "", true), "send").waiting += n;
    },
    /** declared adds a way that was not seen. The subscriber is the first word of its queue. @param {Way} way */
    declared(way) {
      const from = service(way.from, false);
      if (!way.queue) return;
      const queue = node("queue", way.queue, false);
      const into = link(from, queue, "send");
      if (!into.whats.includes(way.event)) into.whats.push(way.event);
      const subscriber = way.queue.split(".")[0] ?? way.queue;
      const out = link(queue, service(subscriber, false), "take");
      if (!out.whats.includes(way.event)) out.whats.push(way.event);
    },
    /** @returns {Graph} */
    graph: () => ({ nodes: [...nodes.values()], links: [...links.values()] }),
  };
}

/** dashed reports whether a link is declared and nothing was sent on it. @param {Link} link */
export const dashed = (link) => link.count === 0;

/**
 * times returns the greatest p95 of a link with its p50, of the waits (into a service, out of a queue) or of the work.
 * @param {Link} link
 * @param {"wait"|"work"} kind
 */
export function times(link, kind) {
  /** @type {import("../../types.js").Quantiles|null} */
  let worst = null;
  for (const edge of link.edges) {
    const found = edge[kind];
    if (found && (!worst || found.p95Ms > worst.p95Ms)) worst = found;
  }
  return worst;
}
