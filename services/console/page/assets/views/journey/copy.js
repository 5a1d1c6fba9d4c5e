// Texts for the clipboard.
import { button } from "../../lib/blocks.js";

/**
 * copyButton copies a text and says so.
 * @param {string} text of the button
 * @param {() => string} what
 * @param {import("../../types.js").Context["toast"]} toast
 * @param {{iconOnly?: boolean}} [look]
 */
export const copyButton = (text, what, toast, look = {}) =>
  button(text, () => void copy(what(), toast), { icon: "copy", ...look });

/** @param {string} text @param {import("../../types.js").Context["toast"]} toast */
async function copy(text, toast) {
  try {
    await navigator.clipboard.writeText(text);
    toast("Copied.", { tone: "done" });
  } catch {
    toast("The browser does not let the page copy. Select the text instead.", { tone: "error" });
  }
}
