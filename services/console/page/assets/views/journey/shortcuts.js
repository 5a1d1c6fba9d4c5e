// The keys of the waterfall.
import { keys } from "../../lib/keys.js";

/** waterfallKeys adds them. @param {ReturnType<typeof import("./waterfall.js").waterfall>} falls */
export function waterfallKeys(falls) {
  const act = (/** @type {string} */ key, /** @type {string} */ text, /** @type {() => void} */ fn) => keys.add("Journey", key, text, () => {
    if (falls.element.isConnected) fn();
  });
  // The rows handle these keys themselves while they have the focus. The signs are for the list of shortcuts: they match no key, so that
  // the arrow keys scroll everywhere else.
  const told = (/** @type {string} */ sign, /** @type {string} */ text) => keys.add("Rows of a waterfall", sign, text, () => {});
  return [
    act("/", "Search in the journey", () => falls.focusSearch()),
    act("n", "Next match", () => falls.stepTo(1)),
    act("N", "Previous match", () => falls.stepTo(-1)),
    act("+", "Zoom in", () => falls.zoomBy(0.5)),
    act("-", "Zoom out", () => falls.zoomBy(2)),
    act("0", "Show the whole time", () => falls.zoomBy(0)),
    act("r", "Go to the rows", () => falls.goTo(falls.board.find(falls.board.active))),
    told("↑ ↓", "Next and previous row"),
    told("→", "Unfold, or go to the first child"),
    told("←", "Fold, or go to the parent"),
    told("↵", "Open the span"),
    act("d", "Show or fold the database spans of the row", () => falls.databases()),
  ];
}
