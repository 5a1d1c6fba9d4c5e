// Chooses two groups of journeys to compare.
import { fill, h } from "../../lib/dom.js";
import { api } from "../../lib/api.js";
import { button } from "../../lib/blocks.js";
import { stateNames, stateOf } from "../../lib/state.js";
import { around, changeText, names, withAndWithout } from "./groups.js";

/** labels name the fields. @type {Record<string, [string, string]>} */
const labels = {
  failure: ["Failure", "any, none or a key"], state: ["State", ""], service: ["Service", "kitchen"], customer: ["Customer", ""],
  event: ["Event", "order.order-confirmed.v2"], q: ["Text", ""], since: ["Since", "2025-01-31T14:00:00Z"], until: ["Until", "2025-01-31T15:00:00Z"],
};

/**
 * form makes the choice of two groups.
 * @param {(groups: {groupA: string, groupB: string}) => void} choose
 * @param {boolean} switches says that this console knows switches
 */
export function form(choose, switches) {
  const presets = h("div", { class: "cmp-presets" });
  const sides = { A: side("A"), B: side("B") };
  const element = h("form", { class: "stack", onsubmit: (/** @type {Event} */ event) => {
    event.preventDefault();
    choose({ groupA: sides.A.query(), groupB: sides.B.query() });
  } }, presets, h("div", { class: "cmp-sides" }, sides.A.element, sides.B.element), h("div", { class: "row" }, h("button", { class: "button primary", type: "submit" }, "Compare the groups")));

  async function load() {
    const [changes, board] = await Promise.all([switches ? api.get("/api/switches").catch(() => []) : [], switches ? api.get("/api/failures").catch(() => []) : []]);
    const keys = board.filter((/** @type {any} */ one) => one.kind === "failure").map((/** @type {any} */ one) => one.key);
    const select = (/** @type {string} */ label, /** @type {string[]} */ options, /** @type {(i: number) => void} */ fn) =>
      h("label", { class: "field" }, h("span", { class: "label" }, label), h("select", { class: "select", disabled: options.length === 0, onchange: (/** @type {Event} */ event) => {
        const at = /** @type {HTMLSelectElement} */ (event.target).selectedIndex - 1;
        if (at >= 0) fn(at);
      } }, h("option", null, options.length ? "Choose…" : "None yet"), options.map((text) => h("option", null, text))));
    fill(presets, switches && select("Before and after a switch", changes.map(changeText), (i) => choose(around(changes[i], changes))),
      switches && select("Without and with a failure", ["any failure", ...keys], (i) => choose(withAndWithout(i === 0 ? "any" : keys[i - 1]))));
  }
  void load();

  return {
    element,
    /** @param {string} groupA @param {string} groupB */
    show(groupA, groupB) {
      sides.A.fill(groupA);
      sides.B.fill(groupB);
    },
  };
}

/** @param {"A" | "B"} letter */
function side(letter) {
  /** @type {Record<string, HTMLInputElement | HTMLSelectElement>} */
  const fields = {};
  const items = names.map((name) => {
    const [label = name, hint = ""] = labels[name] ?? [];
    const id = `group-${letter}-${name}`;
    const field = name === "state" ? h("select", { class: "select", id }, h("option", { value: "" }, "Any"), stateNames.map((state) => h("option", { value: state }, stateOf(state).word)))
      : h("input", { class: "input", id, placeholder: hint });
    fields[name] = field;
    return h("div", { class: "field" }, h("label", { for: id }, label), field);
  });
  const clear = button("Clear", () => Object.values(fields).forEach((field) => {
    field.value = "";
  }), { class: "plain" });
  return {
    element: h("fieldset", { class: "panel" }, h("legend", { class: "unseen" }, `Group ${letter}`), h("div", { class: "row apart" }, h("h2", null, h("span", { class: "cmp-letter" }, letter)), clear), h("div", { class: "cmp-fields" }, items)),
    query() {
      const query = new URLSearchParams();
      for (const [name, field] of Object.entries(fields)) if (field.value.trim()) query.set(name, field.value.trim());
      return String(query);
    },
    /** @param {string} query */
    fill(query) {
      const values = new URLSearchParams(query);
      for (const [name, field] of Object.entries(fields)) field.value = values.get(name) ?? "";
    },
  };
}
