// The settings of a switch: which variant, and whom it hits.
import { attribute, h } from "../../lib/dom.js";
import { button } from "../../lib/blocks.js";
import { choices, settingOf, target, targets, whyNot } from "./groups.js";

/** @typedef {import("../../types.js").Switch} Switch */
/** @typedef {import("./groups.js").Target} Target */

/**
 * newSettings makes the form of a switch.
 * @param {Switch} one
 * @param {(setting: object, pressed: HTMLButtonElement) => void} set
 * @param {() => void} clear
 */
export function newSettings(one, set, clear) {
  const id = `set-${one.key.replace(/[^\w-]/g, "-")}`;
  const variants = choices(one);
  const variant = h("select", { class: "select", id: `${id}-variant` }, variants.map((name) => h("option", { value: name }, name)));
  const percent = h("input", { class: "input", type: "number", min: "1", max: "100", step: "1", value: "10", "aria-label": "Percent of the orders", required: true });
  const customer = h("input", { class: "input", type: "text", maxlength: "256", "aria-label": "Customer", placeholder: "customer id", autocomplete: "off" });
  const usual = target(one);
  const radios = targets.filter(({ id }) => id !== "order").map(({ id: to, word }) => {
    const why = whyNot(one, to);
    const input = h("input", { type: "radio", name: `${id}-target`, value: to, checked: to === usual, disabled: why !== "", "aria-describedby": why ? `${id}-${to}-why` : null });
    return h("div", { class: "target" },
      h("label", { class: "check" }, input, word), to === "percent" && !why ? h("span", { class: "row tight" }, percent, "%") : null, to === "customer" && !why ? customer : null,
      why ? h("span", { class: "tiny quiet", id: `${id}-${to}-why` }, why) : null);
  });
  const choose = (/** @type {Target} */ to) => {
    for (const radio of element.querySelectorAll("input[type=radio]")) /** @type {HTMLInputElement} */ (radio).checked = /** @type {HTMLInputElement} */ (radio).value === to;
  };
  percent.addEventListener("focus", () => choose("percent"));
  customer.addEventListener("focus", () => choose("customer"));
  const submit = h("button", { type: "submit", class: "button" }, "Set");
  const off = button("Turn off", clear, { class: "plain" });
  const wrong = h("p", { class: "wrong small", role: "alert", hidden: true });

  const element = h("form", { class: "settings stack", novalidate: true, onsubmit: (/** @type {Event} */ event) => {
    event.preventDefault();
    const to = /** @type {Target} */ (String(new FormData(element).get(`${id}-target`) ?? usual));
    const fault = check(to, percent.value, customer.value);
    wrong.hidden = fault === "";
    wrong.textContent = fault;
    attribute(to === "customer" ? customer : percent, "aria-invalid", fault ? "true" : null);
    if (fault) return (to === "customer" ? customer : percent).focus();
    set(settingOf({ variant: variant.value, target: to, percent: Number(percent.value), customer: customer.value.trim() }), submit);
  } },
  variants.length > 1 ? h("div", { class: "field" }, h("label", { for: `${id}-variant` }, "Variant"), variant) : null,
  h("fieldset", { class: "stack", style: { "--gap": "var(--s1)" } }, h("legend", { class: "label" }, "Whom it hits"), radios,
    h("p", { class: "tiny quiet" }, one.targets.includes("order") ? h("span", null, "For one order only: choose it at the ", h("a", { href: `/counter?failure=${encodeURIComponent(one.key)}` }, "counter"), ".") : `For one order only: not possible. ${whyNot(one, "order")}`)),
  wrong, h("div", { class: "row" }, submit, off));

  return {
    element,
    customer: () => customer.value.trim(),
    askCustomer: () => {
      choose("customer");
      customer.focus();
    },
    /** @param {Switch} now */
    update(now) {
      submit.disabled = Boolean(now.refused);
      submit.textContent = now.active ? "Change" : "Set";
      off.hidden = !now.active;
      if (!now.active || now.active.variant === "custom" || element.contains(document.activeElement)) return;
      variant.value = now.active.variant;
      choose(now.active.percent ? "percent" : now.active.customer ? "customer" : "everyone");
      if (now.active.percent) percent.value = String(now.active.percent);
      if (now.active.customer) customer.value = now.active.customer;
    },
  };
}

/**
 * check says what is wrong with the fields, or "".
 * @param {Target} to
 * @param {string} percent
 * @param {string} customer
 */
export function check(to, percent, customer) {
  if (to === "percent" && !(/^\d{1,3}$/.test(percent) && Number(percent) >= 1 && Number(percent) <= 100)) return "The share must be a whole number from 1 to 100.";
  if (to === "customer" && customer.trim() === "") return "Name the customer whose orders it hits.";
  return "";
}
