// Groups of journeys to compare, as filters of the list of journeys.
// @ts-check
import { clock } from "../../lib/format.js";

/** @typedef {import("../../types.js").SwitchChange} SwitchChange */

/** names are the parts of a filter that the form has. */
export const names = ["failure", "state", "service", "customer", "event", "q", "since", "until"];

/**
 * around returns the groups before and after a change of a switch. Each ends at the next change of the same switch.
 * @param {SwitchChange} change
 * @param {SwitchChange[]} all newest first
 */
export function around(change, all) {
  const same = all.filter((one) => one.key === change.key).toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
  const at = same.findIndex((one) => one.at === change.at);
  const before = new URLSearchParams({ until: change.at });
  const after = new URLSearchParams({ since: change.at });
  const earlier = same[at - 1];
  const later = same[at + 1];
  if (earlier) before.set("since", earlier.at);
  if (later) after.set("until", later.at);
  return { groupA: String(before), groupB: String(after) };
}

/** withAndWithout returns the groups without and with a failure. @param {string} key */
export const withAndWithout = (key) => ({ groupA: String(new URLSearchParams({ failure: "none" })), groupB: String(new URLSearchParams({ failure: key })) });

/** changeText says a change of a switch. @param {SwitchChange} change */
export const changeText = (change) => `${change.key} ${change.variant === null ? "put back" : `= ${change.variant}`} at ${clock(change.at)}`;

/**
 * groupText says a filter in words.
 * @param {string} query
 */
export function groupText(query) {
  const words = [...new URLSearchParams(query)].map(([name, value]) => {
    if (name === "failure") return value === "none" ? "without a failure" : value === "any" ? "with any failure" : `with ${value}`;
    if (name === "since") return `since ${clock(value)}`;
    if (name === "until") return `until ${clock(value)}`;
    if (name === "q") return `with the text "${value}"`;
    return `${name} ${value}`;
  });
  return words.join(", ") || "all journeys";
}
