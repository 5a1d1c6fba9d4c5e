// What a comparison found, in words.
// @ts-check
import { count, duration, listed, short } from "../../lib/format.js";
import { legible } from "../journey/middle.js";
import { kinds, median, only, placeOf as rawPlace, total } from "./hops.js";

/** @typedef {import("../../types.js").Hop} Hop */
/** @typedef {import("./hops.js").Kind} Kind */
/** @typedef {{hop: Hop, kind: Kind, ms: number}} Cause */

/** placeOf cuts a place that is too long for a sentence. @param {Hop} hop */
const placeOf = (hop) => short(legible(rawPlace(hop)), 60);

/**
 * finding returns the head line and the lines below it.
 * @param {{a: number, b: number, hops: Hop[], group: boolean, none?: string}} of a and b are the durations, or the medians of the
 *   groups; none names a group without journeys
 * @returns {{head: string, more: string[]}}
 */
export function finding({ a, b, hops, group, none = "" }) {
  if (none) return { head: `${none} ${none.includes(" and ") ? "have" : "has"} no journeys yet.`, more: ["Place some orders, or choose another group: then their times are set side by side."] };
  const by = b - a;
  const more = [];
  const alone = { a: hops.filter((hop) => only(hop) === "a"), b: hops.filter((hop) => only(hop) === "b") };
  if (alone.a.length) more.push(`Only A has ${count(alone.a.length, "hop")}: ${names(alone.a)}.`);
  if (alone.b.length) more.push(`Only B has ${count(alone.b.length, "hop")}: ${names(alone.b)}.`);
  const failing = hops.filter((hop) => (hop.b?.errors ?? 0) > (hop.a?.errors ?? 0));
  if (failing.length) more.push(`B has more errors in ${names(failing)}.`);
  if (!hops.length) return { head: "There is nothing to compare: neither side has spans.", more };
  if (Math.abs(by) < 1 || Math.abs(by) < Math.max(a, b) * 0.05) {
    return { head: `A and B took about the same time: ${duration(a)} and ${duration(b)}${group ? " in the middle" : ""}${more.length ? ", but they differ" : ""}.`, more };
  }
  const slow = by > 0 ? "B" : "A";
  const cause = causes(hops, by)[0];
  const took = group ? `The median of ${slow} is ${duration(Math.abs(by))} longer` : `${slow} took ${duration(Math.abs(by))} longer`;
  return { head: cause ? `${took}: ${because(cause)}.` : `${took}.`, more };
}

/**
 * causes returns what is longer in the slower side, the longest first.
 * @param {Hop[]} hops
 * @param {number} by how much longer B took; A if it is negative
 * @returns {Cause[]}
 */
export function causes(hops, by) {
  const sign = Math.sign(by);
  return hops.flatMap((hop) => kinds.map((kind) => ({ hop, kind, ms: sign * (median(hop.b, kind) - median(hop.a, kind)) })))
    .filter((one) => one.ms > 0).toSorted((x, y) => y.ms - x.ms);
}

/** @param {Cause} cause */
function because({ hop, kind, ms }) {
  const more = only(hop) ? duration(ms) : `${duration(ms)} more`;
  switch (kind) {
    case "backOff": return `${more} back-off before ${placeOf(hop)}`;
    case "wait": return `${more} wait in ${hop.queue ? `the queue ${placeOf(hop)}` : placeOf(hop)}`;
    default: return `${more} work of ${short(legible(hop.service), 40)} in ${placeOf(hop)}`;
  }
}

/** @param {Hop[]} hops */
function names(hops) {
  const all = [...new Set(hops.toSorted((x, y) => total(y.a ?? y.b) - total(x.a ?? x.b)).map(placeOf))];
  return all.length > 4 ? `${all.slice(0, 4).join(", ")} and ${all.length - 4} more` : listed(all);
}
