// A journey that cannot be shown: not there yet, unknown, or the console does not answer.
import { h } from "../../lib/dom.js";
import { icon } from "../../lib/svg.js";
import { Problem } from "../../lib/api.js";
import { button, failed } from "../../lib/blocks.js";

/**
 * absent says why a journey is not shown, and what to do.
 * @param {unknown} thrown
 * @param {string} id
 * @param {boolean} trying
 * @param {() => void} again
 */
export function absent(thrown, id, trying, again) {
  if (!(thrown instanceof Problem) || thrown.status !== 404) return h("div", null, h("h1", { class: "unseen" }, "The journey cannot be read"), failed(thrown, again));
  if (trying) {
    return h("div", { class: "blank" }, icon("clock", { size: 32 }), h("h1", null, "Waiting for the first span"),
      h("p", null, "A new order takes a moment until its first span arrives. The page looks every second."), h("p", { class: "mono small" }, id));
  }
  return h("div", { class: "blank tone-error" }, icon("lost", { size: 32 }), h("h1", null, "There is no such journey"), h("p", { class: "mono small" }, id),
    h("p", null, thrown.detail || "Neither the console nor Jaeger has spans of it. An id is a conversation, a trace id or an order number such as ORD17."),
    h("div", { class: "row" }, h("a", { class: "button primary", href: "/journeys" }, "All journeys"), button("Look again", again, { icon: "retrying" })));
}
