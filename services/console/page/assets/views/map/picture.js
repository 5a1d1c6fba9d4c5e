// The picture of a map: nodes that can be reached by keys, links with their numbers, zoom and pan.
import { h } from "../../lib/dom.js";
import { short } from "../../lib/format.js";
import { icon, s } from "../../lib/svg.js";
import { dashed } from "./graph.js";
import { label, markOf, nodeText, rateOf, weight } from "./text.js";
import { newWindow } from "./window.js";

/** @typedef {import("./graph.js").Graph} Graph */
/** @typedef {import("./layout.js").Layout} Layout */

const crowded = 12; // links above which the numbers show on demand

/** @param {{select: (id: string) => void, announce: (text: string) => void}} needs */
export function newPicture({ select, announce }) {
  const lines = s("g", { class: "links" });
  const boxes = s("g", { class: "nodes" });
  const labels = s("g", { class: "labels", "aria-hidden": "true" });
  const svg = s("svg", { class: "map-picture", role: "group", "aria-label": "Map of services and queues. The arrow keys go from node to node, Enter selects." }, markers(), s("g", null, lines, boxes, labels));
  const view = newWindow(svg);
  const element = h("div", { class: "map-frame panel flush" }, svg);
  const tools = h("div", { class: "map-tools button-group", role: "group", "aria-label": "Zoom" },
    ...[["plus", "Zoom in", view.closer], ["minus", "Zoom out", view.further], ["system", "Show all", view.all]].map(([sign, text, fn]) =>
      h("button", { type: "button", class: "button only-icon", "aria-label": text, title: text, onclick: fn }, icon(String(sign)))));
  /** @type {Map<string, SVGGElement>} */
  const parts = new Map();
  /** @type {Graph} */
  let graph = { nodes: [], links: [] };
  /** @type {Layout|null} */
  let placed = null;
  let chosen = "";

  /** near dims what has nothing to do with an element. @param {string} id */
  const near = (id) => {
    const around = id ? new Set([id, ...graph.links.filter((link) => [link.id, link.from, link.to].includes(id)).flatMap((link) => [link.id, link.from, link.to])]) : null;
    svg.classList.toggle("is-focused", Boolean(around));
    for (const [part, group] of parts) group.classList.toggle("is-near", part.startsWith("tag:") ? part === `tag:${id}` : (around?.has(part.replace(/^(?:rate|mark):/, "")) ?? false));
  };
  /** @param {string} id */
  const watch = (id) => ({
    onpointerenter: () => near(id), onpointerleave: () => near(chosen), onfocus: () => near(id), onblur: () => near(chosen),
    onclick: () => !view.dragged() && select(id === chosen ? "" : id),
  });
  const move = (/** @type {string} */ id, /** @type {string} */ key) => {
    const next = neighbour(graph, placed, id, key);
    if (!next) return;
    for (const node of graph.nodes) parts.get(node.id)?.setAttribute("tabindex", node.id === next ? "0" : "-1");
    parts.get(next)?.focus();
    const box = placed?.boxes.get(next);
    if (box) view.reveal(box);
  };

  return {
    element, tools,
    keys: /** @type {[string, string, () => void][]} */ ([["+", "Zoom in", view.closer], ["-", "Zoom out", view.further], ["0", "Show all", view.all]]),
    /** @param {Graph} next @param {Layout} at @param {boolean} first */
    draw(next, at, first) {
      [graph, placed] = [next, at];
      const held = svg.contains(document.activeElement) ? (document.activeElement?.getAttribute("data-node") ?? "") : "";
      parts.clear();
      lines.replaceChildren(...next.links.map((link) => {
        const line = at.lines.get(link.id);
        const group = s("g", { class: "link", "data-edge": link.id, ...watch(link.id) }, s("path", { d: line?.path ?? "", class: "hit" }), s("path", { d: line?.path ?? "", class: "wire" }));
        parts.set(link.id, group);
        return group;
      }));
      labels.replaceChildren(...["mark", "rate", "tag"].flatMap((kind) => next.links.map((link) => {
        const spot = at.lines.get(link.id)?.at ?? { x: 0, y: 0 };
        const group = s("g", { class: kind, transform: `translate(${spot.x} ${spot.y})` }, s("rect", { rx: 5 }));
        parts.set(`${kind}:${link.id}`, group);
        return group;
      })));
      boxes.replaceChildren(...next.nodes.map((node, i) => {
        const box = at.boxes.get(node.id) ?? { x: 0, y: 0, width: 0, height: 0 };
        const group = s("g", {
          class: `node node-${node.kind} ${node.seen ? "" : "is-dashed"}`, "data-node": node.id, tabindex: i === 0 ? "0" : "-1", role: "button", "aria-pressed": "false",
          transform: `translate(${box.x} ${box.y})`, ...watch(node.id),
          onkeydown: (/** @type {KeyboardEvent} */ event) => {
            if (["Enter", " "].includes(event.key)) select(node.id === chosen ? "" : node.id);
            else if (event.key.startsWith("Arrow")) move(node.id, event.key);
            else if (event.key === "Escape") select("");
            else return;
            event.preventDefault();
          },
        }, s("title", null, node.name), shape(node, box), s("text", { "text-anchor": "middle", dy: "0.34em", x: ["queue", "dead"].includes(node.kind) ? 11 : 0 }, short(node.name, 30)));
        parts.set(node.id, group);
        return group;
      }));
      view.size(at.width, at.height, first);
      if (held) (parts.get(held) ?? parts.get(next.nodes[0]?.id ?? ""))?.focus({ preventScroll: true });
    },
    /** update changes the numbers. @param {Graph} next */
    update(next) {
      graph = next;
      svg.classList.toggle("is-crowded", next.links.length > crowded);
      for (const node of next.nodes) parts.get(node.id)?.setAttribute("aria-label", nodeText(next, node));
      for (const link of next.links) {
        const group = parts.get(link.id);
        const wire = group?.querySelector(".wire");
        if (!group || !wire) continue;
        group.setAttribute("class", `link link-${link.kind} ${dashed(link) ? "is-dashed" : ""} ${link.errors ? "has-errors" : ""} ${link.undeclared ? "is-undeclared" : ""} ${group.classList.contains("is-near") ? "is-near" : ""}`);
        wire.setAttribute("marker-end", `url(#arrow${link.errors ? "-error" : dashed(link) ? "-dashed" : ""})`);
        /** @type {SVGPathElement} */ (wire).style.setProperty("stroke-width", String(weight(link)));
        written(parts.get(`tag:${link.id}`), label(link));
        written(parts.get(`rate:${link.id}`), [rateOf(link)]);
        written(parts.get(`mark:${link.id}`), markOf(link) ? [markOf(link)] : []);
      }
    },
    /** @param {string} id */
    select(id) {
      if (id !== chosen && id) announce(`${graph.nodes.find((node) => node.id === id)?.name ?? "A link"} is selected`);
      chosen = id;
      for (const [part, group] of parts) {
        group.classList.toggle("is-chosen", part === id);
        if (group.hasAttribute("aria-pressed")) group.setAttribute("aria-pressed", String(part === id));
      }
      near(id);
    },
    close: view.close,
  };
}

/** written sets lines of text and the ground behind them. @param {SVGGElement|undefined} group @param {string[]} texts */
function written(group, texts) {
  const rect = group?.querySelector("rect");
  if (!group || !rect || group.dataset.text === texts.join()) return;
  group.dataset.text = texts.join();
  group.replaceChildren(rect, ...texts.map((text, i) => s("text", { "text-anchor": "middle", y: (i - (texts.length - 1) / 2) * 15, dy: "0.34em" }, text)));
  const width = Math.max(0, ...texts.map((text) => text.length)) * 6.1 + 12;
  const height = texts.length * 15 + 4;
  for (const [name, value] of Object.entries({ x: -width / 2, y: -height / 2, width, height })) rect.setAttribute(name, String(value));
  group.classList.toggle("is-blank", texts.length === 0);
}

/** @param {import("./graph.js").MapNode} node @param {{width: number, height: number}} box */
function shape(node, { width, height }) {
  const [x, y] = [-width / 2, -height / 2];
  if (node.kind === "queue" || node.kind === "dead") {
    return s("g", { class: "shape" }, s("rect", { x, y, width, height, rx: height / 2 }), s("path", { d: `M${x + 22} ${y + 9}v${height - 18} M${x + 16} ${y + 9}v${height - 18} M${x + 28} ${y + 9}v${height - 18}`, class: "bars" }));
  }
  return s("g", { class: "shape" }, s("rect", { x, y, width, height, rx: node.kind === "service" ? 8 : 2 }));
}

function markers() {
  const marker = (/** @type {string} */ id) => s("marker", { id, viewBox: "0 0 8 8", refX: 6, refY: 4, markerWidth: 8, markerHeight: 8, markerUnits: "userSpaceOnUse", orient: "auto" }, s("path", { d: "M0 0.5L7.5 4L0 7.5z" }));
  return s("defs", null, ["arrow", "arrow-error", "arrow-dashed"].map(marker));
}

/**
 * neighbour is the nearest node in the direction of a key.
 * @param {Graph} graph @param {Layout|null} placed @param {string} id @param {string} key
 */
export function neighbour(graph, placed, id, key) {
  const from = placed?.boxes.get(id);
  if (!from || !placed) return "";
  const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key] ?? [0, 0];
  let best = "";
  let least = Infinity;
  for (const node of graph.nodes) {
    const to = placed.boxes.get(node.id);
    if (!to || node.id === id) continue;
    const [along, aside] = dx ? [(to.x - from.x) * dx, Math.abs(to.y - from.y)] : [(to.y - from.y) * (dy ?? 0), Math.abs(to.x - from.x)];
    const cost = along + aside * 3;
    if (along > 1 && cost < least) [best, least] = [node.id, cost];
  }
  return best;
}
