// The map as a table, for screen readers and small screens.
import { h } from "../../lib/dom.js";
import { duration, number, short } from "../../lib/format.js";
import { dashed, times } from "./graph.js";
import { journeysOf, pace } from "./text.js";

/** @param {import("./graph.js").Graph} graph */
export function tableOf(graph) {
  const names = new Map(graph.nodes.map((node) => [node.id, node.name]));
  const pair = (/** @type {import("../../types.js").Quantiles|null} */ q) => (q ? `${duration(q.p50Ms)} / ${duration(q.p95Ms)}` : "–");
  return h("div", { class: "table-wrap", tabindex: "0", role: "region", "aria-label": "Ways" }, h("table", { class: "table ways-table" }, h("caption", { class: "unseen" }, "Ways between services and queues"),
    h("thead", null, h("tr", null, ["From", "To", "Carries"].map((text) => h("th", { scope: "col" }, text)), ["Rate", "Number", "Failed", "Wait p50 / p95", "Work p50 / p95"].map((text) => h("th", { scope: "col", class: "number" }, text)), h("th", { scope: "col" }, "Journeys"))),
    h("tbody", null, graph.links.map((link) => h("tr", null,
      h("th", { scope: "row" }, short(names.get(link.from) ?? "", 60)), h("td", { dataset: { label: "To" } }, short(names.get(link.to) ?? "", 60)), h("td", { class: "mono small", dataset: { label: "Carries" } }, short(link.whats.join(", "), 120), link.undeclared ? " (not declared)" : ""),
      h("td", { class: "number", dataset: { label: "Rate" } }, dashed(link) ? "not seen" : pace(link)), h("td", { class: "number", dataset: { label: "Number" } }, number(link.count)), h("td", { class: link.errors ? "number is-error" : "number", dataset: { label: "Failed" } }, number(link.errors)),
      h("td", { class: "number", dataset: { label: "Wait p50 / p95" } }, link.kind === "take" ? pair(times(link, "wait")) : "–"), h("td", { class: "number", dataset: { label: "Work p50 / p95" } }, link.kind === "send" ? "–" : pair(times(link, "work"))),
      h("td", null, dashed(link) ? "" : h("a", { href: journeysOf(graph, link.id) }, "Journeys", h("span", { class: "unseen" }, ` of ${short(names.get(link.from) ?? "", 40)} to ${short(names.get(link.to) ?? "", 40)}`))))))));
}
