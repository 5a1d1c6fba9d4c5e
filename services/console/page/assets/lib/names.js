// How a journey is named. An order has a number, which says more than the route that placed it.
// @ts-check
import { legible } from "./legible.js";

/** @typedef {import("../types.js").Row} Row */

/** nameOf is the short name of a journey: its order number, or the name of its first span. @param {Pick<Row, "number" | "root" | "id">} row */
export const nameOf = (row) => legible(row.number || row.root || row.id);

/** titleOf is the name with the customer. @param {Pick<Row, "number" | "root" | "id" | "customer">} row */
export const titleOf = (row) => `${nameOf(row)}${row.customer ? ` · ${legible(row.customer)}` : ""}`;

/**
 * whereIn says how a message stays at a place. Of a message that was lost or failed, no service is at work.
 * @param {string} state
 * @param {string} kind of the place
 */
export function whereIn(state, kind) {
  if (kind === "service" && state === "lost") return "acked, then lost";
  if (kind === "service" && state === "failed") return "failed";
  return places[kind] ?? kind;
}

/** @type {Record<string, string>} */
const places = { queue: "in the queue", retry: "between attempts", dead: "dead letter", outbox: "in the outbox", service: "at work" };
