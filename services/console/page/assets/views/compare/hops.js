// The arithmetic of a comparison: how much longer each hop took in B.
// @ts-check

/** @typedef {import("../../types.js").Hop} Hop */
/** @typedef {import("../../types.js").Times} Times */
/** @typedef {"wait" | "backOff" | "work"} Kind */

/** @type {Kind[]} */
export const kinds = ["backOff", "wait", "work"];

/** patterns are the names of the kinds in styles. @type {Record<Kind, string>} */
export const patterns = { wait: "wait", backOff: "backoff", work: "work" };

/** kindWords name the kinds. @type {Record<Kind, string>} */
export const kindWords = { wait: "wait", backOff: "back-off", work: "work" };

/** median returns the median of a kind, or 0. @param {Times | null} times @param {Kind} kind */
export const median = (times, kind) => Math.max(0, Number(times?.[kind]?.p50Ms) || 0);

/** high returns the 95th percentile of a kind, or 0. @param {Times | null} times @param {Kind} kind */
export const high = (times, kind) => Math.max(0, Number(times?.[kind]?.p95Ms) || 0);

/** total adds the medians of all kinds. @param {Times | null} times */
export const total = (times) => kinds.reduce((sum, kind) => sum + median(times, kind), 0);

/** totalHigh adds the 95th percentiles. The sum is an upper bound: not every message is slow in all kinds. @param {Times | null} times */
export const totalHigh = (times) => kinds.reduce((sum, kind) => sum + high(times, kind), 0);

/** difference returns how much longer a hop took in B. @param {Hop} hop */
export const difference = (hop) => total(hop.b) - total(hop.a);

/** placeOf names where a hop is: its queue, or its name. @param {Hop} hop */
export const placeOf = (hop) => hop.queue || hop.name;

/** only returns "a" or "b" for a hop that only one of them has. @param {Hop} hop @returns {"a" | "b" | ""} */
export const only = (hop) => (hop.a && hop.b ? "" : hop.a ? "a" : "b");

/**
 * ordered sorts hops: by their place in the story, or by the size of the difference with those of only one side first.
 * @param {Hop[]} hops
 * @param {"place" | "difference"} by
 */
export function ordered(hops, by) {
  if (by === "place") return hops;
  const weight = (/** @type {Hop} */ hop) => Math.abs(difference(hop));
  return hops.toSorted((a, b) => weight(b) - weight(a) || Number(only(b) !== "") - Number(only(a) !== ""));
}

/** scale returns the time that fills a bar. @param {Hop[]} hops @param {boolean} group */
export const scale = (hops, group) => Math.max(0.001, ...hops.flatMap((hop) => [hop.a, hop.b]).map((times) => (group ? Math.max(total(times), totalHigh(times)) : total(times))));

/**
 * parts returns the parts of a bar, as shares of the scale.
 * @param {Times | null} times
 * @param {number} whole
 */
export const parts = (times, whole) => kinds.flatMap((kind) => (median(times, kind) > 0 ? [{ kind, ms: median(times, kind), share: median(times, kind) / whole }] : []));
