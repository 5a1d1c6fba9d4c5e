// The lanes as a table, for screen readers.
import { fill, h } from "../lib/dom.js";
import { duration } from "../lib/format.js";

/** @typedef {import("./lanes.js").Guest} Guest */

/**
 * draw writes the table.
 * @param {HTMLTableElement} table
 * @param {import("./slots.js").Layout} plan
 * @param {Map<string, Guest[]>} guests
 * @param {number} now
 */
export function draw(table, plan, guests, now) {
  const n = (/** @type {string} */ name) => String(guests.get(name)?.length ?? 0);
  const oldest = (/** @type {string} */ name) => {
    const first = guests.get(name)?.[0];
    return first ? duration(Math.floor((now - first.since) / 1000) * 1000) : "–";
  };
  const rows = plan.lanes.flatMap(({ lane }) => [
    h("tr", null, h("th", { scope: "row" }, lane.service), h("td", null, n(`outbox ${lane.service}`)), h("td", null, "0"), h("td", null, "0"), h("td", null, n(`work ${lane.service}`)), h("td", null, oldest(`outbox ${lane.service}`))),
    ...lane.queues.map((queue) => h("tr", null, h("th", { scope: "row" }, `${lane.service}, queue ${queue}`),
      h("td", null, n(`wait ${queue}`)), h("td", null, n(`backoff ${queue}`)), h("td", null, n(`dead ${queue}`)), h("td", null, "0"), h("td", null, oldest(`wait ${queue}`)))),
  ]);
  fill(table, h("caption", null, "Orders by place"),
    h("thead", null, h("tr", null, ["Place", "Waiting", "Between attempts", "Dead", "At work", "Oldest wait"].map((text) => h("th", { scope: "col" }, text)))), h("tbody", null, rows));
}
