// The map: services and queues as nodes, drawn from spans.
import { h, fill } from "../lib/dom.js";
import { api } from "../lib/api.js";
import { button, empty, failed, loading } from "../lib/blocks.js";
import { count, number } from "../lib/format.js";
import { keys } from "../lib/keys.js";
import { copy, head, slot } from "./pieces.js";
import { graphOf } from "./map/graph.js";
import { layout } from "./map/layout.js";
import { mermaid } from "./map/mermaid.js";
import { newPicture } from "./map/picture.js";
import { newPanel } from "./map/panel.js";
import { tableOf } from "./map/table.js";

/** @typedef {import("../types.js").ServiceMap} ServiceMap */

const windows = [["1m", "1 min"], ["5m", "5 min"], ["15m", "15 min"], ["1h", "1 h"], ["24h", "24 h"]];
const usual = "15m";
const pause = 5000; // ms between two readings

/**
 * @param {import("../types.js").Context} ctx
 * @returns {import("../types.js").View}
 */
export function open(ctx) {
  let context = ctx;
  let drawn = "";
  let asked = 0;
  /** @type {import("./map/graph.js").Graph} */
  let graph = { nodes: [], links: [] };
  const words = slot("Drawing the map …");
  const choices = windows.map(([value, text]) => h("button", { type: "button", class: "button", dataset: { since: value }, "aria-pressed": "false", onclick: () => context.setQuery({ since: value === usual ? null : value }) }, text));
  const mermaidButton = button("Copy as Mermaid", () => void copy(context, mermaid(graph), "Mermaid"), { icon: "copy" });
  const select = (/** @type {string} */ id) => context.setQuery({ on: id || null }, { replace: true });
  const picture = newPicture({ select, announce: (text) => context.announce(text) });
  const panel = newPanel({ select });
  const table = h("div");
  const stage = h("div", { class: "map-stage" }, picture.element, panel.element);
  const body = h("div", { class: "stack" }, loading(1, "28rem"));
  const element = h("div", { class: "stack map" },
    head("Map", words, h("div", { class: "button-group", role: "group", "aria-label": "Time window" }, choices), mermaidButton), body);

  const since = () => {
    const wanted = context.query.get("since") ?? usual;
    return windows.some(([value]) => value === wanted) ? wanted : usual;
  };
  const mark = () => {
    const on = context.query.get("on") ?? "";
    picture.select(on);
    panel.show(graph, on, since());
  };
  /** @param {ServiceMap} map */
  const take = (map) => {
    graph = graphOf(map);
    const from = map.journeys === undefined ? count(map.traces, "trace") : count(map.journeys, "journey");
    const queues = graph.nodes.filter((node) => node.kind === "queue").length;
    words.textContent = `Drawn from ${from}: ${count(map.services?.length ?? 0, "service")}, ${count(queues, "queue")}`;
    mermaidButton.disabled = graph.links.length === 0;
    if (graph.nodes.length === 0) {
      drawn = "";
      fill(body, empty({ icon: "link", title: "Nothing to draw yet", text: "No span has arrived in this time. The map draws itself when orders are placed.",
        actions: context.about.parts.counter ? [h("a", { class: "button", href: "/counter" }, "Order a pizza")] : [] }));
      return;
    }
    const shape = JSON.stringify([graph.nodes.map((node) => node.id), graph.links.map((link) => link.id)]);
    if (shape !== drawn) {
      const first = drawn === "";
      fill(body, h("div", { class: "row apart" }, legend(graph), picture.tools), stage, h("details", { class: "map-table", open: matchMedia("(max-width: 40rem)").matches }, h("summary", null, "The same as a table"), table));
      picture.draw(graph, layout(graph), first);
      drawn = shape;
    }
    picture.update(graph);
    fill(table, tableOf(graph));
    mark();
  };
  const read = async () => {
    const mine = ++asked;
    try {
      const map = await api.get(`/api/map?since=${since()}`);
      if (mine === asked) take(map);
    } catch (thrown) {
      if (mine === asked && !drawn) fill(body, failed(thrown, () => void read()));
    }
    if (mine === asked) context.ready();
  };
  const mine = () => choices.forEach((choice) => choice.setAttribute("aria-pressed", String(choice.dataset.since === since())));
  mine();
  void read();
  const timer = setInterval(() => document.visibilityState === "visible" && void read(), pause);
  const unbind = picture.keys.map(([key, text, fn]) => keys.add("Map", key, text, fn));
  let shown = since();
  return {
    title: "Map", element, loading: true,
    update(now) {
      context = now;
      mine();
      if (since() !== shown) void read();
      shown = since();
      mark();
    },
    close() {
      asked++;
      clearInterval(timer);
      unbind.forEach((fn) => fn());
      picture.close();
    },
  };
}

/** @param {import("./map/graph.js").Graph} graph */
function legend(graph) {
  const failures = graph.links.reduce((sum, link) => sum + link.errors, 0);
  return h("ul", { role: "list", class: "map-legend small" },
    h("li", null, h("span", { class: "key key-service" }), "service"), h("li", null, h("span", { class: "key key-queue" }), "queue"),
    h("li", null, h("span", { class: "key key-error" }), failures ? `failed (${number(failures)})` : "failed"),
    graph.links.some((link) => link.kind === "call" && link.count > 0) ? h("li", null, h("span", { class: "key key-call" }), "call") : null,
    graph.links.some((link) => link.count === 0) ? h("li", null, h("span", { class: "key key-dashed" }), "declared, not sent in this time") : null,
    graph.links.some((link) => link.undeclared) ? h("li", null, h("span", { class: "key key-undeclared" }, "!"), "seen, not declared") : null);
}
