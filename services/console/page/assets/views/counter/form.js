// The form of an order.
import { fill, h, say } from "../../lib/dom.js";
import { count } from "../../lib/format.js";
import { icon } from "../../lib/svg.js";
import { byOrder, choices as variantsOf } from "../failures/groups.js";
import { limits, money, price } from "./choices.js";

/** @typedef {import("./choices.js").Choices} Choices */
/** @typedef {import("../../types.js").Switch} Switch */

const amounts = [1, 5, 10, 50];

/**
 * @param {{menu: import("../../types.js").MenuItem[], board: Switch[], changed: (now: Partial<Choices>) => void, order: () => void}} needs
 */
export function newForm({ menu, board, changed, order }) {
  /** @type {Choices|null} */
  let now = null;
  const currency = menu[0]?.price.currency ?? "GBP";
  const dishes = menu.map((dish) => newDish(dish, (n) => changed({ pieces: { ...now?.pieces, [dish.itemName]: n } })));
  const orders = h("input", { class: "input orders-n", id: "orders", type: "number", min: "1", max: String(limits.orders), onchange: () => changed({ orders: clamp(orders.value) }) });
  const quick = amounts.map((n) => h("button", { type: "button", class: "button", "aria-pressed": "false", onclick: () => changed({ orders: n }) }, String(n)));
  const customer = h("input", { class: "input", id: "customer", type: "text", maxlength: "256", autocomplete: "off", placeholder: "counter", onchange: () => changed({ customer: customer.value.trim() }) });
  const failures = byOrder(board);
  const failure = h("select", { class: "select", id: "failure", onchange: () => changed({ failure: failure.value, variant: "" }) },
    h("option", { value: "" }, "None"), ["failure", "experiment"].map((kind) => h("optgroup", { label: kind === "failure" ? "Failures" : "Experiments" },
      failures.filter((one) => one.kind === kind).map((one) => h("option", { value: one.key }, `${one.title} (${one.key})`)))));
  const variant = h("select", { class: "select", id: "variant", onchange: () => changed({ variant: variant.value }) });
  const variantField = h("div", { class: "field" }, h("label", { for: "variant" }, "Variant"), variant);
  const effect = h("div", { class: "effect small" });
  const word = h("span", null, "Order");
  const submit = h("button", { type: "submit", class: "button primary order-button" }, word);
  const fault = h("p", { class: "wrong", role: "alert", hidden: true });

  const element = h("form", { class: "panel stack order-form", "aria-label": "Order", novalidate: true, onsubmit: (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!submit.disabled && submit.getAttribute("aria-busy") !== "true") order();
  } },
  h("fieldset", null, h("legend", { class: "label" }, "Menu"), h("ul", { role: "list", class: "dishes" }, dishes.map((dish) => dish.element))),
  h("div", { class: "field" }, h("label", { for: "orders" }, "Orders of this kind"), h("div", { class: "row" }, h("div", { class: "button-group", role: "group", "aria-label": "Common numbers of orders" }, quick), orders)),
  h("div", { class: "field" }, h("label", { for: "customer" }, "Customer"), customer),
  h("div", { class: "field" }, h("label", { for: "failure" }, "A failure for these orders only"), failure), variantField, effect, fault, submit);

  return {
    element,
    /** @param {Choices} next */
    show(next) {
      now = next;
      menu.forEach((dish, i) => dishes[i]?.show(next.pieces[dish.itemName] ?? 0));
      if (document.activeElement !== orders) orders.value = String(next.orders);
      quick.forEach((button, i) => button.setAttribute("aria-pressed", String(amounts[i] === next.orders)));
      if (document.activeElement !== customer) customer.value = next.customer;
      const chosen = failures.find((one) => one.key === next.failure);
      failure.value = chosen?.key ?? "";
      const variants = chosen ? variantsOf(chosen) : [];
      variantField.hidden = variants.length < 2;
      fill(variant, variants.map((name) => h("option", { value: name, selected: name === next.variant }, name)));
      fill(effect, chosen ? [icon("flag"), h("div", null, h("p", null, chosen.breaks), h("p", { class: "quiet" }, "In the trace: ", chosen.jaeger))]
        : h("p", { class: "quiet" }, next.failure ? `${next.failure} cannot be set for one order.` : "Choose one to see what it does. Orders of others stay as they are."));
      const pieces = Object.values(next.pieces).reduce((sum, n) => sum + n, 0);
      const pence = price(menu, next.pieces);
      say(word, pieces === 0 ? "Choose something first" : `${next.orders === 1 ? "Order" : `Place ${count(next.orders, "order")} of`} ${count(pieces, "dish", "dishes")}${pence === null ? "" : ` · ${money(pence * next.orders, currency)}`}`);
      submit.disabled = pieces === 0;
    },
    /** @param {boolean} is */
    busy(is) {
      submit.setAttribute("aria-busy", String(is));
    },
    /** @param {string} text */
    wrong(text) {
      fault.hidden = text === "";
      say(fault, text);
    },
  };
}

/** @param {string} text */
const clamp = (text) => Math.min(limits.orders, Math.max(1, Math.round(Number(text)) || 1));

/**
 * newDish is a line of the menu with buttons for more and fewer.
 * @param {import("../../types.js").MenuItem} dish
 * @param {(n: number) => void} changed
 */
function newDish(dish, changed) {
  let now = 0;
  const n = h("output", { class: "dish-n", "aria-live": "off" }, "0");
  const fewer = h("button", { type: "button", class: "button only-icon", "aria-label": `One ${dish.itemName} less`, onclick: () => changed(Math.max(0, now - 1)) }, icon("minus"));
  const more = h("button", { type: "button", class: "button only-icon", "aria-label": `One ${dish.itemName} more`, onclick: () => changed(Math.min(limits.pieces, now + 1)) }, icon("plus"));
  const element = h("li", { class: "dish" }, h("span", { class: "grow" }, dish.itemName), h("span", { class: "quiet small" }, money(Math.round(dish.price.value * 100), dish.price.currency)), fewer, n, more);
  return {
    element,
    /** @param {number} next */
    show(next) {
      now = next;
      say(n, String(next));
      fewer.disabled = next === 0;
      more.disabled = next >= limits.pieces;
      element.classList.toggle("is-chosen", next > 0);
    },
  };
}
