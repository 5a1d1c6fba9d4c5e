// What is on: first on the board and impossible to miss.
import { h } from "../../lib/dom.js";
import { button } from "../../lib/blocks.js";
import { count } from "../../lib/format.js";
import { icon } from "../../lib/svg.js";
import { activeText, journeysOf } from "./groups.js";

/** @typedef {import("../../types.js").Switch} Switch */

/**
 * active shows the switches that are on.
 * @param {Switch[]} set
 * @param {{clear: (one: Switch, pressed?: HTMLButtonElement) => void}} act
 * @param {boolean} mystery a switch is set that is not shown
 */
export function active(set, act, mystery) {
  if (set.length === 0) return h("p", { class: "board-calm quiet" }, icon("done"), mystery ? "Nothing else is switched on." : "Nothing is switched on. The system works as it was built.");
  return h("ul", { role: "list", class: "board-active" }, set.map((one) => {
    const off = button(one.kind === "failure" ? "Turn off" : "Back to the default", () => act.clear(one, off), { icon: "close" });
    off.dataset.off = one.key;
    off.setAttribute("aria-label", `Turn off ${one.title}`);
    return h("li", { class: `on-item ${one.kind === "failure" ? "tone-injected" : "tone-work"}` },
      icon(one.kind === "failure" ? "flag" : "more", { size: 20 }),
      h("div", { class: "grow" },
        h("div", { class: "strong" }, one.title),
        h("div", { class: "small" }, h("code", null, one.key), ` · ${one.active ? activeText(one.active) : ""}`)),
      hits(one), off);
  }));
}

/** hits says how many orders a switch has hit, as a link to them. @param {Switch} one */
export function hits(one) {
  const n = one.hits?.orders ?? 0;
  if (n === 0) return h("span", { class: "small quiet nowrap" }, "no order hit yet");
  return h("a", { class: "hits nowrap", href: journeysOf(one) }, h("span", { class: "hits-n" }, String(n)), ` ${n === 1 ? "order" : "orders"} hit`, h("span", { class: "unseen" }, `: see ${count(n, "journey")}`));
}
