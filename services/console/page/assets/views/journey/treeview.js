// The tree of a journey as text, as the command `traceria trace` prints it.
import { h, say } from "../../lib/dom.js";
import { copyButton } from "./copy.js";

/** @param {{toast: import("../../types.js").Context["toast"]}} on */
export function tree(on) {
  const text = h("pre", { class: "j-tree", tabindex: "0", role: "region", "aria-label": "Tree of the journey" });
  const command = h("code");
  const element = h("section", { class: "stack" },
    h("div", { class: "row apart" }, h("p", { class: "small quiet" }, "The same text as ", command), copyButton("Copy the tree", () => text.textContent ?? "", on.toast)), text);
  return {
    element,
    /** @param {import("../../types.js").Journey} journey */
    show(journey) {
      say(command, `traceria trace ${journey.row.id}`);
      say(text, journey.tree);
    },
    close() {},
  };
}
