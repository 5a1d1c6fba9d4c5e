// What the list shows when it has no rows.
import { fill, h } from "../lib/dom.js";
import { button, empty } from "../lib/blocks.js";
import { apiFilter } from "./filter.js";

/**
 * blank says why there are no rows, and what to do.
 * @param {HTMLElement} block
 * @param {import("../types.js").Context} ctx
 * @param {import("../types.js").JourneysEvent} event
 */
export function blank(block, ctx, event) {
  const kind = ctx.query.has("at") ? "past" : event.total > 0 && apiFilter(ctx.query).size ? "filter" : "none";
  if (block.dataset.kind === kind) return;
  block.dataset.kind = kind;
  if (kind === "past") {
    fill(block, empty({ icon: "clock", title: "Nothing had begun at that time", actions: [button("Back to now", () => ctx.setQuery({ at: null }))] }));
  } else if (kind === "filter") {
    fill(block, empty({ icon: "search", title: "No journey matches the filter", text: "New ones appear here as soon as they match.",
      actions: [h("a", { class: "button", href: ctx.query.get("view") ? "/journeys?view=lanes" : "/journeys" }, "Clear the filter")] }));
  } else {
    const counter = ctx.about.parts.counter;
    fill(block, empty({ icon: "clock", title: "No spans have arrived yet",
      text: counter ? "Place an order at the counter and watch it arrive. The page shows it within a second." : "Send spans to this console: OTLP over HTTP, POST /v1/traces. The page shows them within a second.",
      actions: counter ? [h("a", { class: "button primary", href: "/counter" }, "Go to the counter")] : [] }));
  }
}
