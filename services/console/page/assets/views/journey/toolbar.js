// The tools of the waterfall: search, zoom, and what is shown.
import { h, say } from "../../lib/dom.js";
import { icon } from "../../lib/svg.js";

/**
 * @typedef {object} Actions
 * @property {(text: string) => void} search
 * @property {(direction: 1 | -1) => void} step
 * @property {(factor: number) => void} zoom 0 shows all
 * @property {(on: boolean) => void} database
 * @property {(on: boolean) => void} critical
 * @property {(folded: boolean) => void} foldAll
 */

/** @param {Actions} on */
export function toolbar(on) {
  const field = h("input", {
    class: "input", type: "search", placeholder: "Search spans and attributes", "aria-label": "Search in this journey: names, services, attributes",
    oninput: () => on.search(field.value),
    onkeydown: (/** @type {KeyboardEvent} */ event) => {
      if (event.key === "Enter") on.step(event.shiftKey ? -1 : 1);
      if (event.key === "Escape" && field.value) {
        event.stopPropagation();
        field.value = "";
        on.search("");
      }
    },
  });
  const found = h("span", { class: "wf-found small quiet", role: "status" });
  const group = (/** @type {string} */ name, /** @type {Node[]} */ buttons) => h("div", { class: "button-group", role: "group", "aria-label": name }, buttons);
  const words = (/** @type {string} */ text, /** @type {string} */ name, /** @type {() => void} */ fn) => h("button", { class: "button", type: "button", "aria-label": name, title: name, onclick: fn }, text);
  const button = (/** @type {string} */ name, /** @type {string} */ image, /** @type {() => void} */ fn) =>
    h("button", { class: "button only-icon", type: "button", "aria-label": name, title: name, onclick: fn }, icon(image));
  const previous = button("Previous match", "left", () => on.step(-1));
  const next = button("Next match", "right", () => on.step(1));
  const toggle = (/** @type {string} */ text, /** @type {(on: boolean) => void} */ fn) => {
    const made = h("button", { class: "button", type: "button", "aria-pressed": "false", onclick: () => fn(made.getAttribute("aria-pressed") !== "true") }, text);
    return made;
  };
  const database = toggle("Database spans", on.database);
  const critical = toggle("Critical path", on.critical);
  const all = words("Fit", "Fit the whole time", () => on.zoom(0));
  const element = h("div", { class: "wf-tools", role: "toolbar", "aria-label": "Waterfall" },
    h("div", { class: "wf-search" }, h("div", { class: "wf-field" }, field, found), previous, next),
    h("div", { class: "wf-buttons" }, critical, database,
    group("Folding", [words("Fold", "Fold all", () => on.foldAll(true)), words("Unfold", "Unfold all", () => on.foldAll(false))]),
    group("Zoom", [button("Zoom out", "minus", () => on.zoom(2)), all, button("Zoom in", "plus", () => on.zoom(0.5))])));

  return {
    element,
    focus: () => field.focus(),
    /** @param {{text: string, at: number, of: number, databases: number, database: boolean, critical: boolean, whole: boolean, note?: string}} state */
    show(state) {
      say(found, state.text.trim() ? (state.of ? `${state.at + 1} of ${state.of}` : "none") + (state.note ?? "") : "");
      previous.disabled = next.disabled = state.of === 0;
      all.disabled = state.whole;
      say(database, `Database spans (${state.databases})`);
      database.disabled = state.databases === 0;
      database.setAttribute("aria-pressed", String(state.database));
      critical.setAttribute("aria-pressed", String(state.critical));
    },
  };
}
