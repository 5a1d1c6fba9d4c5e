// Elements of a tree of Markdown. Texts stay texts, and links lead to the page or to the web.
import { h } from "../../lib/dom.js";
import { out } from "../pieces.js";

/** @typedef {import("./markdown.js").Block} Block */
/** @typedef {import("./markdown.js").Inline} Inline */
/** @typedef {(code: string) => string|null} Lead the address of a text in code, if it is one of the page's */

/**
 * render makes elements of blocks.
 * @param {Block[]} blocks
 * @param {Lead} lead
 * @returns {HTMLElement[]}
 */
export const render = (blocks, lead) => blocks.map((block) => element(block, lead));

/** @param {Block} block @param {Lead} lead @returns {HTMLElement} */
function element(block, lead) {
  switch (block.kind) {
    case "heading":
      return h(block.level < 3 ? "h2" : block.level === 3 ? "h3" : "h4", null, spans(block.children, lead));
    case "paragraph":
      return h("p", null, spans(block.children, lead));
    case "code":
      return h("pre", { class: "code", tabindex: "0", "aria-label": block.text.includes("├─") || block.text.includes("└─") ? "Tree" : "Code", role: "region" }, block.text);
    case "quote":
      return h("blockquote", null, render(block.children, lead));
    case "list": {
      const items = block.items.map((item) => h("li", null, item.length === 1 && item[0]?.kind === "paragraph" ? spans(item[0].children, lead) : render(item, lead)));
      return block.ordered ? h("ol", { start: block.start === 1 ? null : String(block.start) }, items) : h("ul", null, items);
    }
    case "table":
      return h("div", { class: "table-wrap", tabindex: "0", role: "region", "aria-label": "Table" }, h("table", { class: "table" },
        h("thead", null, h("tr", null, block.head.map((cell) => h("th", { scope: "col" }, spans(cell, lead))))),
        h("tbody", null, block.rows.map((row) => h("tr", null, row.map((cell) => h("td", null, spans(cell, lead))))))));
  }
}

/** @param {Inline[]} inlines @param {Lead} lead @returns {import("../../lib/dom.js").Leaf[]} */
const spans = (inlines, lead) => inlines.map((inline) => span(inline, lead));

/** @param {Inline} inline @param {Lead} lead @returns {import("../../lib/dom.js").Leaf} */
function span(inline, lead) {
  switch (inline.kind) {
    case "text":
      return inline.text;
    case "code": {
      const to = lead(inline.text);
      return to ? h("a", { href: to }, h("code", null, inline.text)) : h("code", null, inline.text);
    }
    case "strong":
      return h("strong", null, spans(inline.children, lead));
    case "em":
      return h("em", null, spans(inline.children, lead));
    case "link":
      return link(inline, lead);
  }
}

/** link leads to the web. A file of the repository is not served: its path is told. @param {Extract<Inline, {kind: "link"}>} inline @param {Lead} lead */
function link(inline, lead) {
  if (/^https?:\/\//i.test(inline.href)) return out(inline.href, plain(inline.children));
  return h("span", { title: `In the repository: ${inline.href}` }, spans(inline.children, lead));
}

/** plain is the text without its marks. @param {Inline[]} inlines @returns {string} */
export const plain = (inlines) => inlines.map((inline) => ("text" in inline ? inline.text : plain(inline.children))).join("");
