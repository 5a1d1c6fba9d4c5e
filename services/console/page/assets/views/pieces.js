// Pieces that several views use beside those of lib/blocks.js: heads, notes, links to other programs, questions.
import { button } from "../lib/blocks.js";
import { h } from "../lib/dom.js";
import { icon } from "../lib/svg.js";

/** @typedef {import("../lib/dom.js").Child} Child */

/**
 * head is the head of a view.
 * @param {string} title
 * @param {Child} text
 * @param {...Child} tools
 */
export const head = (title, text, ...tools) =>
  h("header", { class: "page-head" },
    h("div", { class: "stack grow", style: { "--gap": "0" } }, h("h1", { tabindex: "-1" }, title), h("p", { class: "small" }, text)),
    tools.length ? h("div", { class: "row" }, ...tools) : null);

/**
 * out is a link to another program, in a tab of its own.
 * @param {string} address
 * @param {string} text
 * @param {string} [look] a class
 */
export const out = (address, text, look = "") =>
  h("a", { href: address, target: "_blank", rel: "noopener noreferrer", class: `out ${look}`.trim() }, text, icon("out", { size: 12 }), h("span", { class: "unseen" }, " (opens a new tab)"));

/**
 * note is a text that asks for attention.
 * @param {string} tone
 * @param {string} sign
 * @param {string} title
 * @param {...Child} children
 */
export const note = (tone, sign, title, ...children) =>
  h("div", { class: `note tone-${tone}` }, icon(sign), h("div", { class: "grow stack", style: { "--gap": "var(--s1)" } }, h("span", { class: "strong" }, title), ...children));

/**
 * facts is a list of names and values. Empty values are left out.
 * @param {[string, Child][]} pairs
 */
export const facts = (pairs) =>
  h("dl", { class: "pairs" }, pairs.filter(([, value]) => value !== "" && value !== null && value !== undefined).map(([name, value]) => [h("dt", null, name), h("dd", null, value)]));

/**
 * ask asks before something that cannot be taken back.
 * @param {string} title
 * @param {string} text
 * @param {string} yes the word of the button
 * @returns {Promise<boolean>}
 */
export function ask(title, text, yes) {
  return new Promise((resolve) => {
    const no = button("Cancel", () => dialog.close(""));
    const dialog = h("dialog", { class: "dialog stack", "aria-labelledby": "ask-title" },
      h("h2", { id: "ask-title" }, title), h("p", null, text),
      h("div", { class: "row end-row" }, no, button(yes, () => dialog.close("yes"), { class: "primary" })));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
    no.focus();
  });
}

/**
 * copy puts a text on the clipboard and says so.
 * @param {import("../types.js").Context} ctx
 * @param {string} text
 * @param {string} what
 */
export async function copy(ctx, text, what) {
  try {
    await navigator.clipboard.writeText(text);
    ctx.toast(`${what} copied`);
  } catch {
    ctx.toast("The browser does not let this page use the clipboard", { tone: "error" });
  }
}

/** slot is a text that is set in place, so that nothing else is drawn anew. @param {string} [text] @param {string} [look] */
export const slot = (text = "", look = "") => h("span", look ? { class: look } : null, text);
