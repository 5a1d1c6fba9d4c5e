// JSON as readable text with colours for its parts.
// @ts-check
import { h } from "../../lib/dom.js";

/**
 * tokens splits pretty JSON into parts with a kind.
 * @param {string} text
 * @returns {{kind: "name" | "string" | "number" | "word" | "", text: string}[]}
 */
export function tokens(text) {
  /** @type {{kind: "name" | "string" | "number" | "word" | "", text: string}[]} */
  const out = [];
  let end = 0;
  for (const found of text.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/gu)) {
    if (found.index > end) out.push({ kind: "", text: text.slice(end, found.index) });
    if (found[1]) {
      out.push({ kind: found[2] ? "name" : "string", text: found[1] });
      if (found[2]) out.push({ kind: "", text: found[2] });
    } else out.push({ kind: /^[tfn]/u.test(found[0]) ? "word" : "number", text: found[0] });
    end = found.index + found[0].length;
  }
  if (end < text.length) out.push({ kind: "", text: text.slice(end) });
  return out;
}

/** most is the number of characters beyond which JSON is shown without colours. */
const most = 60_000;

/**
 * pretty writes a value as indented JSON. A text that is JSON is indented too.
 * @param {unknown} value
 * @returns {string}
 */
export function pretty(value) {
  if (typeof value !== "string") return JSON.stringify(value, null, 2) ?? "";
  try {
    return JSON.stringify(JSON.parse(value), null, 2);
  } catch {
    return value;
  }
}

/** jsonBlock shows a value as JSON. @param {unknown} value @param {string} label */
export function jsonBlock(value, label) {
  const text = pretty(value);
  const parts = text.length > most ? [text] : tokens(text).map((one) => (one.kind ? h("span", { class: `json-${one.kind}` }, one.text) : one.text));
  return h("pre", { class: "json", tabindex: "0", role: "region", "aria-label": label }, parts);
}
