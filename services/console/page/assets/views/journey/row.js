// A line of the waterfall as an element.
import { h } from "../../lib/dom.js";
import { icon } from "../../lib/svg.js";
import { count } from "../../lib/format.js";
import { place } from "./axis.js";
import { gapPart, partsOf } from "./bars.js";
import { clip } from "./clip.js";
import { foldable, hidden } from "./folding.js";
import { halves, legible } from "./middle.js";
import { databaseText, hints, labelOf, marks, placeTexts, remarks, times } from "./rowtext.js";

/** @typedef {import("./board.js").Board} Board */
/** @typedef {import("./bars.js").Part} Part */

/**
 * rowOf draws a line. position is its place among the lines that are shown, from 0.
 * @param {Board} board
 * @param {number} at the index of the line
 * @param {number} position
 */
export function rowOf(board, at, position) {
  const line = board.line(at);
  const folded = board.folding.folded.has(line.key);
  const hasChildren = foldable(line, at, board.folding);
  const row = line.row;
  return h("div", {
    class: classes(board, at), role: "row", id: `line-${line.key}`, tabindex: line.key === board.active ? "0" : "-1",
    "aria-level": line.depth + 1, "aria-posinset": line.place, "aria-setsize": line.siblings, "aria-rowindex": position + 2,
    "aria-expanded": hasChildren ? String(!folded) : null, "aria-selected": String(line.key === board.selected),
    dataset: { key: line.key, ...(row ? { span: `${row.traceId}-${row.spanId}` } : { missing: line.gap?.place ?? "" }) },
    style: { "--depth": Math.min(line.depth, 14) },
  },
  h("div", { class: "wf-name", role: "gridcell" }, nameOf(board, at, hasChildren, folded)),
  h("div", { class: "wf-time", role: "gridcell" }, row ? spanBars(board, at) : gapBar(board, at)));
}

/** @param {Board} board @param {number} at */
function classes(board, at) {
  const { row, gap, key } = board.line(at);
  const names = ["wf-row"];
  if (gap) names.push("is-missing");
  if (row?.failed) names.push("is-failed");
  if (row?.injected?.length) names.push("is-injected");
  if (key === board.selected) names.push("is-selected");
  if (board.critical && !row?.critical?.length) names.push("is-dim");
  if (board.found.has(at)) names.push("is-found");
  return names.join(" ");
}

/** @param {Board} board @param {number} at @param {boolean} hasChildren @param {boolean} folded */
function nameOf(board, at, hasChildren, folded) {
  const { row, gap } = board.line(at);
  const line = board.line(at);
  const [head, tail] = halves(legible(row ? labelOf(row) : gap?.expected ?? ""));
  const databases = hidden(line, board.folding);
  const links = board.links.get(at);
  return [
    h("span", { class: `wf-twist${hasChildren ? "" : " is-leaf"}`, dataset: { act: "fold" }, "aria-hidden": "true" }, hasChildren && icon(folded ? "right" : "down", { size: 12 })),
    row && h("span", { class: "wf-service", title: row.service }, legible(row.service)),
    h("span", { class: "wf-label", title: row ? `${row.service}: ${row.name}` : gap?.expected }, h("span", { class: "wf-head" }, head), tail && h("span", { class: "wf-tail" }, tail)),
    row && folded && h("span", { class: "wf-chip" }, `+${line.end - at - 1}`),
    ...(row ? marks(row) : []).filter((mark) => mark.kind !== "injected").map((mark) => h("span", { class: `wf-mark is-${mark.kind}`, title: mark.text }, mark.sign, mark.more && mark.kind !== "error" && h("span", { class: "wf-more" }, ` ${mark.more}`))),
    databases > 0 && h("span", { class: "wf-chip is-database", dataset: { act: "database" }, title: `${databaseText(databases)}. Press d to show them.` }, `${databases} db`, h("span", { class: "unseen" }, ` ${databaseText(databases)} folded`)),
    links && linkChip(links),
    gap && h("span", { class: "wf-mark is-missing" }, placeTexts[gap.place] ?? gap.place),
  ];
}

/** @param {{out: import("./links.js").Arc[], in: import("./links.js").Arc[]}} links */
function linkChip(links) {
  const words = [];
  if (links.out.length) words.push(`↗${links.out.length}`);
  if (links.in.length) words.push(`↙${links.in.length}`);
  const attributes = [...links.out, ...links.in].map(({ link }) => Object.entries(link.attributes ?? {}).map(([key, value]) => `${key}=${String(value)}`).join(", "));
  const text = [links.out.length && count(links.out.length, "link to another span", "links to other spans"), links.in.length && `linked from ${count(links.in.length, "span")}`].filter(Boolean).join(", ");
  return h("span", { class: "wf-chip is-link", dataset: { act: "link" }, title: [text, ...attributes].filter(Boolean).join("\n") }, words.join(" "), h("span", { class: "unseen" }, ` ${text}`));
}

/** @param {Board} board @param {number} at */
function spanBars(board, at) {
  const row = board.line(at).row;
  if (!row) return [];
  const parts = partsOf(row);
  const bars = board.critical ? [...parts.map((part) => bar(board, part, "is-faint")), ...clip(parts, row.critical ?? []).map((part) => bar(board, part, "is-critical"))] : parts.map((part) => bar(board, part, row.failed && part.kind === "work" ? "is-failed" : ""));
  return [h("div", { class: "wf-bars", title: hints(row) }, bars), caption(board, parts, times(row), remarks(row))];
}

/** @param {Board} board @param {number} at */
function gapBar(board, at) {
  const gap = board.line(at).gap;
  const part = gapPart(board.lines, board.line(at), board.whole);
  return [h("div", { class: "wf-bars", title: gap?.where }, bar(board, part, "")), caption(board, [{ ...part, to: part.from }], gap?.where ?? "")];
}

/** bar draws a part. One that is out of sight is not drawn. @param {Board} board @param {Part} part @param {string} more */
function bar(board, part, more) {
  const from = Math.max(-0.02, place(board.range, part.from));
  const to = Math.min(1.02, place(board.range, part.to));
  if (to < 0 || from > 1) return null;
  const data = { bar: part.kind, ...(part.kind === "wait" ? { told: String(!part.guess) } : {}) };
  return h("div", { class: `wf-bar bar-${part.kind}${part.guess ? " is-guess" : ""} ${more}`.trim(), dataset: data, style: { left: `${from * 100}%`, width: `${Math.max(0, to - from) * 100}%` } });
}

/**
 * caption puts a text where there is room for it: after the bars, before them, or on the longest of them.
 * @param {Board} board @param {Part[]} parts @param {string} words @param {{kind: string, text: string}[]} [more]
 */
function caption(board, parts, words, more = []) {
  const text = [words, ...more.map((one) => legible(one.text))].join(" · ");
  const content = [words, ...more.map((one) => [" · ", h("span", { class: `wf-remark is-${one.kind}` }, legible(one.text))])];
  const [first, last] = [Math.min(...parts.map((part) => part.from)), Math.max(...parts.map((part) => part.to))];
  if (last < board.range.from) return h("span", { class: "wf-text is-out", style: { left: "0" } }, "‹ ", content);
  if (first > board.range.to) return h("span", { class: "wf-text is-out", style: { right: "0" } }, content, " ›");
  const share = (/** @type {number} */ ms) => Math.min(1, Math.max(0, place(board.range, ms)));
  const start = share(first);
  const end = share(last);
  const need = Math.min(0.9, (text.length * 6.4 + 18) / Math.max(board.width, 1));
  if (1 - end >= need || end < 0.02) return h("span", { class: "wf-text", style: { left: `${end * 100}%` } }, content);
  if (start >= need) return h("span", { class: "wf-text", style: { right: `${(1 - start) * 100}%`, "max-width": `${start * 100}%` } }, content);
  const seen = parts.map((part) => [share(part.from), share(part.to)]);
  const longest = seen.reduce((a, b) => ((b[1] ?? 0) - (b[0] ?? 0) > (a[1] ?? 0) - (a[0] ?? 0) ? b : a), [0, 0]);
  const middle = Math.min(1 - need / 2, Math.max(need / 2, ((longest[0] ?? 0) + (longest[1] ?? 0)) / 2));
  return h("span", { class: "wf-text is-on", style: { left: `${middle * 100}%` } }, content);
}
