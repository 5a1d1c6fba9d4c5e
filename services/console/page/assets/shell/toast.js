// Short texts that go away, and texts for screen readers.
import { h, say } from "../lib/dom.js";
import { icon } from "../lib/svg.js";
import { button } from "../lib/blocks.js";

const most = 4;

/**
 * toasts shows texts in a corner.
 * @param {HTMLElement} corner
 * @param {(text: string) => void} announce
 */
export function toasts(corner, announce) {
  /** @type {import("../types.js").Context["toast"]} */
  return function toast(text, options = {}) {
    const action = options.action;
    const element = h("div", { class: "toast" });
    const close = () => element.remove();
    if (options.tone && options.tone !== "plain") element.append(icon(options.tone === "done" ? "done" : "failed"));
    element.append(h("span", { class: "grow" }, text));
    if (action) element.append(button(action.text, () => { close(); action.fn(); }));
    element.append(button("Close", close, { icon: "close", iconOnly: true, class: "plain" }));
    corner.append(element);
    while (corner.childElementCount > most) corner.firstElementChild?.remove();
    announce(text);
    const end = () => (element.matches(":hover, :focus-within") ? setTimeout(end, 2000) : close());
    setTimeout(end, action || options.tone === "error" ? 10000 : 6000);
  };
}

/**
 * announcer says texts in a live region, one after the other.
 * @param {HTMLElement} region
 */
export function announcer(region) {
  /** @type {any} */
  let timer;
  return (/** @type {string} */ text) => {
    clearTimeout(timer);
    say(region, "");
    timer = setTimeout(() => say(region, text), 100);
  };
}
