// The orders that were placed while the page is open, with their states from the stream.
import { fill, h } from "../../lib/dom.js";
import { badge, empty } from "../../lib/blocks.js";
import { clock, count, duration } from "../../lib/format.js";
import { path } from "../../lib/router.js";
import { icon } from "../../lib/svg.js";
import { placeOf, stateOf } from "../../lib/state.js";
import { stream } from "../../lib/stream.js";
import { note, out } from "../pieces.js";
import { failureOf } from "./choices.js";

/** @typedef {import("../../types.js").PlacedOrder} Order */
/** @typedef {import("../../types.js").Row} Row */
/** @typedef {{order: Order, at: number, customer: string, failure: string}} Placed */

const most = 50; // followed by the stream, which takes their ids in its address

/** newPlaced keeps the orders over visits of the view. */
export function newPlaced() {
  /** @type {Placed[]} */
  let all = [];
  /** @type {import("../../types.js").ProblemDocument[]} */
  let refused = [];
  /** @type {Map<string, Row>} */
  const rows = new Map();

  return { open() {
    const body = h("div", { class: "stack" });
    const element = h("section", { class: "stack placed", "aria-labelledby": "placed-title" }, h("h2", { id: "placed-title" }, "Your orders"), body);
    /** @type {Map<string, ReturnType<typeof newLine>>} */
    const lines = new Map();
    let stop = () => {};
    let stopped = false;

    const follow = () => {
      stop();
      stop = () => {};
      if (all.length === 0 || stopped) return;
      const filter = new URLSearchParams();
      for (const { order } of all) filter.append("id", order.orderId);
      stop = stream.listen(["journeys"], filter, { journeys: (/** @type {import("../../types.js").JourneysEvent} */ event) => {
        for (const row of event.upsert ?? []) {
          rows.set(row.id, row);
          lines.get(row.id)?.update(row);
        }
      } });
    };
    const draw = () => {
      lines.clear();
      for (const one of all) lines.set(one.order.orderId, newLine(one));
      for (const [id, line] of lines) line.update(rows.get(id));
      fill(body,
        refused.length ? note("error", "failed", `${count(refused.length, "order")} refused`, ...[...new Set(refused.map((one) => one.detail || one.title))].slice(0, 5).map((text) => h("p", null, text))) : null,
        all.length ? h("ol", { role: "list", class: "orders panel flush" }, [...lines.values()].map((line) => line.element))
          : empty({ icon: "list", title: "No order yet", text: "Orders appear here with their state, and lead to their journeys and traces." }),
        all.length > 1 ? h("p", { class: "small quiet" }, all.length >= most ? `The newest ${most}. ` : "", h("a", { href: `/journeys?sort=newest&customer=${encodeURIComponent(all[0]?.customer ?? "")}` }, `All journeys of ${all[0]?.customer ?? ""}`)) : null);
    };
    draw();
    follow();
    return {
      element,
      /** @param {import("../../types.js").OrdersAnswer} answer @param {import("./choices.js").Choices} choices */
      add(answer, choices) {
        const at = Date.now();
        const fresh = [...(answer.orders ?? [])].sort((a, b) => (b.orderNumber ?? "").localeCompare(a.orderNumber ?? "", "en", { numeric: true })).map((order) => ({ order, at, customer: choices.customer || "counter", failure: failureOf(choices) }));
        all = [...fresh, ...all].slice(0, most);
        refused = answer.refused ?? [];
        const kept = new Set(all.map(({ order }) => order.orderId));
        for (const id of rows.keys()) if (!kept.has(id)) rows.delete(id);
        draw();
        follow();
      },
      close() {
        stopped = true;
        stop();
      },
    };
  } };
}

/** @param {Placed} placed */
function newLine({ order, at, failure }) {
  const state = h("span", { class: "order-state" });
  const where = h("span", { class: "small quiet cut" });
  let shown = "";
  return {
    element: h("li", { class: "order", dataset: { id: order.orderId } },
      h("a", { class: "order-link grow", href: path("journeys", order.orderId) }, h("span", { class: "strong" }, order.orderNumber || order.orderId), h("span", { class: "small quiet" }, clock(at)),
        failure ? badge(failure, { tone: "injected", icon: "flag" }) : null, where), state,
      h("a", { class: "button", href: path("journeys", order.orderId), "aria-label": `Journey of ${order.orderNumber || order.orderId}` }, "Journey"),
      order.links?.jaeger ? out(order.links.jaeger, "Jaeger", "small") : null),
    /** @param {Row} [row] */
    update(row) {
      const meaning = row ? stateOf(row.state) : null;
      const text = row ? `${row.state} ${row.where ? placeOf(row.where) : ""} ${row.durationMs}` : "sent";
      if (text === shown) return;
      shown = text;
      fill(state, meaning ? h("span", { class: `state small tone-${meaning.tone}`, title: meaning.text }, icon(meaning.icon), meaning.word) : h("span", { class: "small quiet" }, "placed"));
      fill(where, row ? (row.where && row.state !== "done" ? placeOf(row.where) : row.state === "done" ? `in ${duration(row.durationMs)}` : "") : "No span yet");
    },
  };
}
