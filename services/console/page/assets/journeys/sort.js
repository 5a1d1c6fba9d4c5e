// The order of rows. The server sorts in the same way.
import { ranks } from "../lib/state.js";

/** @typedef {import("../types.js").Row} Row */

/**
 * @typedef {object} Entry a row with what sorting needs, worked out once
 * @property {Row} row
 * @property {number} rank
 * @property {number} start
 * @property {number} since
 */

/** sorts are the orders to choose from, with their names. @type {Record<string, string>} */
export const sorts = { attention: "Attention first", newest: "Newest first", oldest: "Oldest first", slowest: "Slowest first" };

/** @param {Row} row @returns {Entry} */
export function entry(row) {
  const start = Date.parse(row.start);
  return { row, start, rank: ranks[row.state] ?? 99, since: Date.parse(row.where?.since ?? row.end) || start };
}

const done = ranks.done;

/** The id decides at last, so that equal rows do not change places. @param {Entry} a @param {Entry} b */
const byId = (a, b) => (a.row.id < b.row.id ? -1 : a.row.id > b.row.id ? 1 : 0);

/** @type {Record<string, (a: Entry, b: Entry) => number>} */
const orders = {
  attention: (a, b) => a.rank - b.rank || (a.rank === done ? b.start - a.start : a.since - b.since) || byId(a, b),
  newest: (a, b) => b.start - a.start || byId(a, b),
  oldest: (a, b) => a.start - b.start || byId(a, b),
  slowest: (a, b) => b.row.durationMs - a.row.durationMs || byId(a, b),
};

/**
 * order returns the comparison of a sort. An unknown one is "attention".
 * @param {string|null} name
 */
export const order = (name) => orders[name ?? ""] ?? /** @type {(a: Entry, b: Entry) => number} */ (orders.attention);
