// The numbers of what is selected on the map.
import { fill, h } from "../../lib/dom.js";
import { badge, button } from "../../lib/blocks.js";
import { count, duration, number, rate, short } from "../../lib/format.js";
import { path } from "../../lib/router.js";
import { dashed, times } from "./graph.js";
import { journeysOf, label, pace } from "./text.js";

/** @typedef {import("./graph.js").Graph} Graph */
/** @typedef {import("./graph.js").Link} Link */

/** @param {{select: (id: string) => void}} needs */
export function newPanel({ select }) {
  const body = h("div", { class: "stack" });
  const element = h("aside", { class: "map-panel panel", "aria-label": "Selection" }, body);
  let shown = "";
  return {
    element,
    /** @param {Graph} graph @param {string} id @param {string} since */
    show(graph, id, since) {
      const node = graph.nodes.find((one) => one.id === id);
      const link = graph.links.find((one) => one.id === id);
      const shape = JSON.stringify([id, node, link, node ? graph.links.filter((one) => one.from === id || one.to === id) : null]);
      if (shape === shown) return;
      shown = shape;
      const close = button("Close", () => select(""), { icon: "close", iconOnly: true, class: "plain" });
      const name = (/** @type {string} */ of) => short(graph.nodes.find((one) => one.id === of)?.name ?? of, 60);
      if (!node && !link) return fill(body, hint(graph, select, name));
      fill(body, h("div", { class: "row tight apart" }, h("h2", null, node ? node.name : `${name(link?.from ?? "")} → ${name(link?.to ?? "")}`), close),
        node ? aboutNode(graph, node, select, name) : link ? aboutLink(link) : null,
        h("div", { class: "row" }, node?.seen === false || (link && dashed(link)) ? null : h("a", { class: "button", href: journeysOf(graph, id) }, "Its journeys"),
          node?.kind === "queue" ? h("a", { class: "button", href: path("queues", node.name) }, "The queue now") : null),
        h("p", { class: "tiny quiet" }, `Numbers of the last ${since.replace("m", " min").replace("h", " h")}.`));
    },
  };
}

/** hint says what to do, and lists what stands out. @param {Graph} graph @param {(id: string) => void} select @param {(id: string) => string} name */
function hint(graph, select, name) {
  const failing = graph.links.filter((link) => link.errors > 0).sort((a, b) => b.errors - a.errors).slice(0, 5);
  const slow = graph.links.filter((link) => link.kind === "take" && times(link, "wait")).sort((a, b) => (times(b, "wait")?.p95Ms ?? 0) - (times(a, "wait")?.p95Ms ?? 0)).slice(0, 5);
  return h("div", { class: "stack" },
    h("h2", null, "What stands out"),
    h("p", { class: "small quiet" }, "Select a node or a way to see its numbers and its journeys."),
    h("div", { class: "columns" }, failing.length ? section("Failures", failing, (link) => `${number(link.errors)} of ${number(link.count)} failed`, select, name) : h("p", { class: "small" }, badge("no failure", { tone: "done", icon: "done" })),
    slow.length ? section("Longest waits (p95)", slow, (link) => duration(times(link, "wait")?.p95Ms ?? 0), select, name) : null));
}

/** @param {string} title @param {Link[]} links @param {(link: Link) => string} text @param {(id: string) => void} select @param {(id: string) => string} name */
const section = (title, links, text, select, name) =>
  h("section", null, h("h3", { class: "label" }, title), h("ul", { role: "list", class: "ways" }, links.map((link) => h("li", null,
    h("button", { type: "button", class: "way", onclick: () => select(link.id) }, h("span", { class: "grow" }, link.kind === "take" ? name(link.from) : `${name(link.from)} → ${name(link.to)}`), h("span", { class: "quiet nowrap" }, text(link)))))));

/** @param {Graph} graph @param {import("./graph.js").MapNode} node @param {(id: string) => void} select @param {(id: string) => string} name */
function aboutNode(graph, node, select, name) {
  const ways = (/** @type {string} */ title, /** @type {Link[]} */ links, /** @type {"from"|"to"} */ other) => (links.length === 0 ? null
    : h("section", null, h("h3", { class: "label" }, title), h("ul", { role: "list", class: "ways" }, links.map((link) => h("li", null,
      h("button", { type: "button", class: "way", onclick: () => select(link.id) }, h("span", { class: "grow" }, name(link[other]), link.kind === "call" ? h("span", { class: "quiet" }, ` ${link.whats.join(", ")}`) : null), h("span", { class: "quiet small" }, label(link).join(" · "))))))));
  return h("div", { class: "stack" },
    node.seen ? null : badge("declared, not seen in this time", { outline: true, tone: "outbox" }),
    node.kind === "none" ? h("p", { class: "small" }, "No consumer has handled it. Its queue holds it, or no queue takes it, or its spans are missing.") : null,
    h("div", { class: "columns" }, ways("In", graph.links.filter((link) => link.to === node.id), "from"), ways("Out", graph.links.filter((link) => link.from === node.id), "to")));
}

/** @param {Link} link */
function aboutLink(link) {
  if (dashed(link)) return h("div", { class: "stack" }, badge("declared, not seen in this time", { outline: true, tone: "outbox" }), h("ul", { class: "mono small" }, link.whats.map((what) => h("li", null, what))));
  return h("div", { class: "stack" },
    h("div", { class: "row" }, badge(pace(link), {}), badge(count(link.count, link.kind === "call" ? "request" : "message"), {}),
      link.errors ? badge(`${number(link.errors)} failed`, { tone: "error", icon: "close" }) : null, link.undeclared ? badge("not declared", { tone: "wait", icon: "failed" }) : null,
      link.waiting ? badge(`${number(link.waiting)} not handled yet`, { tone: "wait", icon: "waiting" }) : null),
    h("div", { class: "columns" }, link.edges.map((edge) => h("section", { class: "edge-facts" }, h("h3", { class: "mono small" }, edge.what || "unnamed"),
      h("p", { class: "small quiet" }, `${rate(edge.ratePerSecond)}, ${number(edge.count)} in all${edge.errors && link.kind !== "send" ? `, ${number(edge.errors)} failed` : ""}`),
      link.kind === "send" || !(edge.wait || edge.work) ? null : h("table", { class: "table" }, h("thead", null, h("tr", null, ["", "p50", "p95"].map((text) => (text ? h("th", { scope: "col", class: "number" }, text) : h("td"))))),
        h("tbody", null, [["Wait", edge.wait], ["Work", edge.work]].map(([title, q]) => numbers(String(title), /** @type {import("../../types.js").Quantiles|undefined} */ (q)))))))));
}

/** @param {string} title @param {import("../../types.js").Quantiles|undefined} q */
const numbers = (title, q) => (q ? h("tr", null, h("th", { scope: "row" }, title), h("td", { class: "number" }, duration(q.p50Ms)), h("td", { class: "number" }, duration(q.p95Ms))) : null);
