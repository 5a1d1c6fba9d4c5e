// Blocks for a view that is empty, that loads, or that failed.
import { h } from "./dom.js";
import { icon } from "./svg.js";
import { problemOf } from "./api.js";

/**
 * empty says that there is nothing, and what to do.
 * @param {{icon?: string, title: string, text?: string, actions?: Node[], tone?: string}} words
 */
export const empty = (words) =>
  h("div", { class: `blank ${words.tone ? `tone-${words.tone}` : ""}` }, icon(words.icon ?? "list", { size: 32 }), h("h2", null, words.title),
    words.text && h("p", null, words.text), words.actions && h("div", { class: "row" }, words.actions));

/**
 * failed says what went wrong, with the detail of the problem.
 * @param {unknown} thrown
 * @param {() => void} [again] is called by the button "Try again"
 */
export function failed(thrown, again) {
  const problem = problemOf(thrown);
  return h("div", { class: "blank tone-error", role: "alert" }, icon("failed", { size: 32 }), h("h2", null, problem.title),
    problem.detail && h("p", null, problem.detail), problem.status > 0 && h("p", { class: "tiny" }, `Status ${problem.status}`),
    again && h("div", { class: "row" }, h("button", { class: "button", type: "button", onclick: again }, "Try again")));
}

/**
 * loading holds the place of lines that come.
 * @param {number} [lines]
 * @param {string} [height] of one line
 */
export function loading(lines = 6, height = "2.5rem") {
  const bars = Array.from({ length: lines }, (_, i) => h("span", { class: "skeleton", style: { height, width: `${100 - ((i * 7) % 23)}%` } }));
  return h("div", { class: "stack", style: { "--gap": "var(--s2)" }, role: "status" }, h("span", { class: "unseen" }, "Loading"), bars);
}

/**
 * badge is a short text with a meaning: a tone and an icon.
 * @param {string} text
 * @param {{tone?: string, icon?: string, outline?: boolean, title?: string}} [look]
 */
export const badge = (text, look = {}) =>
  h("span", { class: `badge ${look.tone ? `tone-${look.tone}` : ""} ${look.outline ? "outline" : ""}`, title: look.title ?? null }, look.icon && icon(look.icon), text);

/**
 * pairs is a list of names and values.
 * @param {[string, import("./dom.js").Child][]} all
 */
export const pairs = (all) => h("dl", { class: "pairs" }, all.map(([name, value]) => [h("dt", null, name), h("dd", null, value)]));

/**
 * button makes a button with a text, and an icon before it.
 * @param {string} text
 * @param {(event: MouseEvent) => void} onclick
 * @param {{icon?: string, class?: string, iconOnly?: boolean, title?: string, pressed?: boolean, disabled?: boolean}} [look]
 */
export const button = (text, onclick, look = {}) =>
  h("button", {
    type: "button", class: `button ${look.class ?? ""} ${look.iconOnly ? "only-icon" : ""}`, onclick, title: look.title ?? (look.iconOnly ? text : null),
    "aria-label": look.iconOnly ? text : null, "aria-pressed": look.pressed === undefined ? null : String(look.pressed), disabled: look.disabled ?? false,
  }, look.icon && icon(look.icon), !look.iconOnly && text);
