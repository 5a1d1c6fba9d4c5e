// The list of all shortcuts.
import { h } from "../lib/dom.js";
import { keys } from "../lib/keys.js";
import { button } from "../lib/blocks.js";

/** show opens the list. */
export function show() {
  if (document.querySelector("dialog.shortcuts")) return;
  const dialog = h("dialog", { class: "dialog shortcuts", "aria-labelledby": "shortcuts-title", onclose: () => dialog.remove() });
  const groups = [...keys.list()].map(([scope, all]) =>
    h("section", null, h("h3", null, scope),
      h("dl", null, all.map((one) => h("div", null, h("dt", null, one.key.split(" ").map((key) => h("kbd", null, named(key)))), h("dd", null, one.text))))));
  dialog.append(
    h("div", { class: "row apart" }, h("h2", { id: "shortcuts-title" }, "Keyboard shortcuts"), button("Close", () => dialog.close(), { icon: "close", iconOnly: true, class: "plain" })),
    h("div", { class: "shortcut-groups" }, groups));
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  document.body.append(dialog);
  dialog.showModal();
}

/** @type {Record<string, string>} */
const names = { ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", Escape: "Esc", " ": "Space" };
const named = (/** @type {string} */ key) => names[key] ?? key;
