// The start of a mystery: choose how hard it is.
import { h } from "../../lib/dom.js";

const levels = [
  { level: 1, title: "It shows", text: "One failure. It leaves clear marks in the trace, if you know where to look." },
  { level: 2, title: "It hides", text: "One failure. The orders look all right at first." },
  { level: 3, title: "Two at once", text: "Two failures, and one of them shows nowhere but in a detail." },
];

/** @param {(level: number, seed: string) => Promise<boolean>} begin */
export function startPanel(begin) {
  const seed = h("input", { class: "input", id: "seed", inputmode: "numeric", pattern: "[0-9]{1,15}", maxlength: "15", placeholder: "by chance", autocomplete: "off" });
  const wrong = h("span", { class: "wrong", role: "alert", hidden: true }, "A seed is a whole number.");
  /** @type {HTMLButtonElement[]} */
  const buttons = levels.map(({ level, title, text }) => h("button", { type: "button", class: "level panel", onclick: () => void start(level) },
    h("span", { class: "level-n", "aria-hidden": "true" }, "?".repeat(level)), h("span", { class: "strong" }, `Level ${level}: ${title}`), h("span", { class: "small quiet" }, text)));
  const start = async (/** @type {number} */ level) => {
    wrong.hidden = /^\d{0,15}$/.test(seed.value.trim());
    if (!wrong.hidden) return seed.focus();
    for (const button of buttons) button.disabled = true;
    if (!(await begin(level, seed.value.trim()))) for (const button of buttons) button.disabled = false;
  };
  return h("div", { class: "stack", style: { "--gap": "var(--s5)" } },
    h("ol", { class: "rules small" },
      h("li", null, "A failure is switched on for one customer, without its marks."), h("li", null, "Four orders of this customer are placed."),
      h("li", null, "You look at their journeys: what is late, what is missing, what comes twice?"), h("li", null, "You accuse a suspect. A hint is there if you want one.")),
    h("div", { class: "levels" }, buttons),
    h("div", { class: "field seed" }, h("label", { for: "seed" }, "Seed"), seed, h("span", { class: "hint" }, "The same seed gives the same mystery: for a class."), wrong));
}
