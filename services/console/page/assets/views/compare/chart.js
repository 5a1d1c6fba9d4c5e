// The hops of a comparison side by side.
import { fill, h } from "../../lib/dom.js";
import { badge } from "../../lib/blocks.js";
import { duration, short } from "../../lib/format.js";
import { halves, legible } from "../journey/middle.js";
import { difference, high, kinds, kindWords, median, only, ordered, parts, patterns, scale, total, totalHigh } from "./hops.js";

/** @typedef {import("../../types.js").Hop} Hop */
/** @typedef {import("../../types.js").Times} Times */

/**
 * chart makes the table of hops.
 * @param {(by: "place" | "difference") => void} onSort
 */
export function chart(onSort) {
  const body = h("tbody", { role: "rowgroup" });
  const head = h("tr", { role: "row" });
  const element = h("div", { class: "cmp-wrap" }, h("table", { class: "cmp-table", role: "table", "aria-label": "Hops side by side" }, h("thead", { role: "rowgroup" }, head), body));
  /** @param {Hop[]} hops @param {{group: boolean, by: "place" | "difference"}} options */
  function show(hops, { group, by }) {
    const whole = scale(hops, group);
    const column = (/** @type {"place" | "difference"} */ key, /** @type {string} */ text, /** @type {string} */ name) =>
      h("th", { role: "columnheader", scope: "col", class: name, "aria-sort": by === key ? (key === "place" ? "ascending" : "descending") : "none" }, h("button", { type: "button", class: "j-sort", onclick: () => onSort(key) }, text, by === key && (key === "place" ? " ▴" : " ▾")));
    fill(head, column("place", "Hop", "cmp-hop"), h("th", { role: "columnheader", scope: "col", class: "cmp-a" }, "A"), h("th", { role: "columnheader", scope: "col", class: "cmp-b" }, "B"), column("difference", "B − A", "cmp-by"));
    fill(body, ordered(hops, by).map((hop) => rowOf(hop, whole, group, by)));
  }
  return { element, show };
}

/** @param {Hop} hop @param {number} whole @param {boolean} group @param {"place" | "difference"} by */
function rowOf(hop, whole, group, by) {
  const alone = only(hop);
  const by2 = difference(hop);
  const [start, end] = halves(legible(hop.name), 24);
  return h("tr", { role: "row", class: alone ? `is-only is-only-${alone}` : "", dataset: { hop: hop.name, only: alone } },
    h("th", { role: "rowheader", scope: "row", class: "cmp-hop", style: { "--depth": by === "place" ? Math.min(hop.depth, 10) : 0 } },
      h("span", { class: "wf-label", title: hop.name }, h("span", { class: "wf-head" }, start), end && h("span", { class: "wf-tail" }, end)),
      h("span", { class: "tiny quiet", title: hop.service }, short(legible(hop.service), 40), " ", alone && badge(alone === "a" ? "only in A" : "only in B", { outline: true }))),
    side(hop.a, "a", whole, group), side(hop.b, "b", whole, group),
    h("td", { role: "cell", class: `cmp-by${by2 > 0 ? " is-longer" : ""}` }, alone ? h("span", { class: "quiet" }, "–") : Math.abs(by2) < 0.05 ? h("span", { class: "quiet" }, "same") : `${by2 > 0 ? "+" : "−"}${duration(Math.abs(by2))}`));
}

/** @param {Times | null} times @param {"a" | "b"} which @param {number} whole @param {boolean} group */
function side(times, which, whole, group) {
  if (!times) return h("td", { role: "cell", class: `cmp-${which} is-absent` }, h("span", { class: "small quiet" }, `not in ${which.toUpperCase()}`));
  const bars = parts(times, whole).map((part) => h("i", { class: `bar-${patterns[part.kind]}`, dataset: { bar: patterns[part.kind] }, style: { width: `${Math.max(0.6, part.share * 100)}%` } }));
  const words = kinds.flatMap((kind) => (median(times, kind) > 0 || high(times, kind) > 0 ? [`${kindWords[kind]} ${duration(median(times, kind))}${group ? ` (p95 ${duration(high(times, kind))})` : ""}`] : []));
  if (times.attempts > 1) words.push(`${times.attempts} attempts`);
  if (group) words.push(`${times.count}×`);
  return h("td", { role: "cell", class: `cmp-${which}` },
    h("div", { class: "cmp-bar" }, bars, group && h("b", { class: "cmp-high", title: "95th percentile", style: { width: `${(totalHigh(times) / whole) * 100}%` } })),
    h("div", { class: "tiny cmp-words" }, h("span", { class: "strong" }, duration(total(times))), " ", h("span", { class: "quiet" }, words.join(" · ")), times.errors > 0 && badge(`${times.errors} failed`, { tone: "error", icon: "close" })));
}
