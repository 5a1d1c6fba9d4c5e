// The card of a switch: what it does, how it looks in a trace, and one click to set it.
import { attribute, fill, h } from "../../lib/dom.js";
import { icon } from "../../lib/svg.js";
import { facts, out } from "../pieces.js";
import { hits } from "./active.js";
import { activeText, first, settingOf, target } from "./groups.js";
import { newSettings } from "./settings.js";

/** @typedef {import("../../types.js").Switch} Switch */

/**
 * @typedef {object} Act
 * @property {(one: Switch, setting: object, pressed?: HTMLButtonElement) => void} set
 * @property {(one: Switch, pressed?: HTMLButtonElement) => void} clear
 */

/**
 * newCard makes the card of a switch. It is kept, and changed in place.
 * @param {Switch} one
 * @param {Act} act
 */
export function newCard(one, act) {
  let now = one;
  const id = `switch-${one.key.replace(/[^\w-]/g, "-")}`;
  const settings = newSettings(one, (setting, pressed) => act.set(now, setting, pressed), () => toggle());
  const handle = h("button", {
    type: "button", role: "switch", class: "switch", "aria-checked": "false", "aria-labelledby": `${id}-title`, "aria-describedby": `${id}-state`,
    onclick: () => toggle(),
  }, h("span", { class: "knob" }));
  const state = h("span", { id: `${id}-state`, class: "small quiet" });
  const hit = h("span", { class: "end" });
  const refusal = h("p", { class: "small refusal", hidden: true });
  const more = h("details", { class: "card-more" },
    h("summary", null, icon("right", { size: 12, class: "turn" }), h("span", null, "Details and settings")),
    h("div", { class: "stack" },
      facts([
        ["In Jaeger", one.jaeger],
        ["Search", h("span", null, h("code", null, one.search), " ", one.jaegerUrl ? out(one.jaegerUrl, "Open in Jaeger") : null)],
        ["Here", h("a", { href: `/journeys?failure=${encodeURIComponent(one.key)}` }, "Journeys that it has hit")],
        ["Injected at", one.where],
        [one.kind === "experiment" ? "When to choose" : "Repaired by", one.repair],
      ]),
      settings.element));

  const line = h("div", { class: "row apart card-state" }, state, hit);

  const toggle = () => {
    if (now.active) return act.clear(now, handle);
    if (now.refused) return;
    const to = target(now);
    const customer = settings.customer();
    if (to === "customer" && !customer) {
      more.open = true;
      return settings.askCustomer();
    }
    act.set(now, settingOf({ variant: first(now), target: to, percent: 10, customer }), handle);
  };

  const element = h("article", { class: "card panel", dataset: { key: one.key }, id, "aria-labelledby": `${id}-title` },
    h("header", { class: "row tight card-head" },
      h("div", { class: "grow" }, h("h3", { id: `${id}-title` }, one.title), h("code", { class: "quiet tiny" }, one.key)), handle),
    h("p", { class: "small card-breaks" }, one.breaks), refusal, line, more);

  return {
    element,
    /** @param {Switch} next */
    update(next) {
      const same = JSON.stringify([next.active, next.refused, next.hits]) === element.dataset.now;
      now = next;
      if (same) return;
      element.dataset.now = JSON.stringify([next.active, next.refused, next.hits]);
      const on = Boolean(next.active);
      element.classList.toggle("is-on", on);
      attribute(handle, "aria-checked", String(on));
      attribute(handle, "aria-disabled", Boolean(next.refused) && !on ? "true" : null);
      refusal.hidden = !next.refused || on;
      fill(refusal, next.refused ? [icon("help", { size: 14 }), `Not here: ${next.refused.replace(/^target not allowed: /, "")}`] : null);
      fill(state, next.active ? h("span", null, "On: ", activeText(next.active)) : oneClick(next));
      line.hidden = Boolean(next.refused) && !on;
      fill(hit, on ? hits(next) : null);
      settings.update(next);
    },
    /** show opens the card and brings it into view. */
    show() {
      more.open = true;
      element.scrollIntoView({ block: "start" });
      handle.focus({ preventScroll: true });
    },
  };
}

/** oneClick says what one click sets. @param {Switch} one */
function oneClick(one) {
  if (one.refused) return "";
  const to = target(one);
  const whom = to === "everyone" ? "every order" : to === "percent" ? "10% of the orders" : "one customer";
  const variant = first(one);
  const now = one.kind === "experiment" ? `Now ${one.default}. ` : "";
  return `${now}One click: ${variant === "on" ? whom : `${variant}, ${whom}`}`;
}
