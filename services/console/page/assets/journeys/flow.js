// Which services and queues there are, and in which order orders pass through them. It is worked out from the tracks alone, so that
// it holds for any services.

/** @typedef {import("../types.js").Row} Row */
/** @typedef {{service: string, queues: string[], outbox: boolean}} Lane */

/** sample limits the rows that are read. */
const sample = 400;

/** What the tracks tell of the flow. */
class Survey {
  /** The sums of the first positions of places, from 0 to 1. @type {Map<string, {sum: number, n: number}>} */
  positions = new Map();
  /** How many journeys begin at a service. @type {Map<string, number>} */
  roots = new Map();
  /** Which service works when a wait in a queue ends. @type {Map<string, Map<string, number>>} */
  votes = new Map();
  /** @type {Set<string>} */
  services = new Set();
  /** @type {Set<string>} */
  outboxes = new Set();
  /** Services that share journeys. @type {Map<string, string>} */
  groups = new Map();
  /** @type {Map<string, number>} */
  sizes = new Map();

  /** @param {Row} row */
  add(row) {
    const track = [...row.track].sort((a, b) => a.fromMs - b.fromMs);
    /** @type {Map<string, number>} */
    const seen = new Map();
    for (const [i, stage] of track.entries()) {
      const at = i / track.length;
      if (!seen.has(stage.place)) seen.set(stage.place, at);
      if (stage.kind === "outbox") this.outboxes.add(stage.place);
      if (atService(stage)) this.services.add(stage.place);
      else this.#vote(stage, track);
    }
    for (const [place, first] of seen) {
      const sums = this.positions.get(place) ?? { sum: 0, n: 0 };
      this.positions.set(place, { sum: sums.sum + first, n: sums.n + 1 });
    }
    const here = [...new Set(track.filter(atService).map((stage) => stage.place))];
    if (here[0]) this.roots.set(here[0], (this.roots.get(here[0]) ?? 0) + 1);
    for (const name of here) this.#join(here[0] ?? name, name);
  }

  /** @param {import("../types.js").Stage} stage @param {import("../types.js").Stage[]} track */
  #vote(stage, track) {
    const votes = this.votes.get(stage.place) ?? new Map();
    this.votes.set(stage.place, votes);
    if (stage.toMs < 0) return;
    const off = (/** @type {import("../types.js").Stage} */ next) => Math.abs(next.fromMs - stage.toMs);
    const workers = track.filter((next) => next.kind === "work" && off(next) < 2);
    const worker = workers.toSorted((a, b) => off(a) - off(b))[0]; // an event with two queues may begin two works at nearly one time
    if (worker) votes.set(worker.place, (votes.get(worker.place) ?? 0) + 1);
  }

  /** @param {string} name @returns {string} the name of its group */
  group(name) {
    const next = this.groups.get(name);
    return next === undefined || next === name ? name : this.group(next);
  }

  /** @param {string} a @param {string} b */
  #join(a, b) {
    const [one, other] = [this.group(a), this.group(b)];
    this.groups.set(other, one);
    this.groups.set(one, one);
    this.sizes.set(one, (this.sizes.get(one) ?? 0) + 1 + (one === other ? 0 : (this.sizes.get(other) ?? 0)));
  }

  /** place is the mean of the first positions of a place. A service at which journeys begin is the first. @param {string} name */
  place(name) {
    const sums = this.positions.get(name);
    if (!sums) return 1;
    return (this.roots.get(name) ?? 0) > sums.n / 2 ? -1 : sums.sum / sums.n;
  }
}

/** @param {import("../types.js").Stage} stage */
const atService = (stage) => stage.kind === "work" || stage.kind === "outbox";

/**
 * lanesOf puts services and queues into the order of the flow. A queue belongs to the service that works when its wait ends.
 * Services that share no journey with others are apart, the busiest group first.
 * @param {Row[]} rows
 * @returns {Lane[]}
 */
export function lanesOf(rows) {
  const survey = new Survey();
  for (const row of rows.slice(0, sample)) survey.add(row);
  /** @type {Map<string, Lane>} */
  const lanes = new Map([...survey.services].map((service) => [service, { service, queues: [], outbox: survey.outboxes.has(service) }]));
  for (const [queue, votes] of survey.votes) {
    const owner = best(votes) ?? [...lanes.keys()].find((name) => queue.startsWith(`${name}.`)) ?? "";
    const lane = lanes.get(owner) ?? { service: owner, queues: [], outbox: false };
    lanes.set(owner, lane);
    lane.queues.push(queue);
  }
  const by = (/** @type {string} */ a, /** @type {string} */ b) => survey.place(a) - survey.place(b) || (a < b ? -1 : 1);
  const size = (/** @type {Lane} */ lane) => survey.sizes.get(survey.group(lane.service)) ?? 0;
  for (const lane of lanes.values()) lane.queues.sort(by);
  return [...lanes.values()].sort((a, b) => size(b) - size(a) || by(a.service, b.service));
}

/** @param {Map<string, number>} votes */
const best = (votes) => [...votes].sort((a, b) => b[1] - a[1])[0]?.[0];

/** Places notices a place that no row had before: the lanes change only then. It looks at each row once. */
export class Places {
  /** @type {WeakSet<Row>} */
  seen = new WeakSet();
  places = new Set();

  /** @param {Iterable<{row: Row}>} entries @returns {boolean} whether there is a new place */
  add(entries) {
    const before = this.places.size;
    for (const { row } of entries) {
      if (this.seen.has(row)) continue;
      this.seen.add(row);
      for (const stage of row.track) this.places.add(stage.kind === "outbox" ? `outbox ${stage.place}` : stage.place);
    }
    return this.places.size > before;
  }
}

/**
 * spotOf says where the dot of a journey is: its place and the kind of its stay. null: it has ended and left.
 * @param {Row} row
 * @returns {{kind: "wait"|"backoff"|"dead"|"outbox"|"work", place: string, since: number}|null}
 */
export function spotOf(row) {
  if (row.where) {
    const kind = /** @type {const} */ ({ queue: "wait", retry: "backoff", dead: "dead", outbox: "outbox", service: "work" })[row.where.kind] ?? "work";
    return { kind, place: row.where.name, since: Date.parse(row.where.since) };
  }
  if (row.state === "done") return null;
  const last = row.track[row.track.length - 1];
  return last ? { kind: last.kind, place: last.place, since: Date.parse(row.start) + last.fromMs } : null;
}
