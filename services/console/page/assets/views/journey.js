// One journey: its head, and the same spans as waterfall, sequence diagram, tree or table.
import { fill, h, set } from "../lib/dom.js";
import { loading } from "../lib/blocks.js";
import { keys } from "../lib/keys.js";
import { nameOf } from "../lib/names.js";
import { path } from "../lib/router.js";
import { api } from "../lib/api.js";
import { attributesOf } from "./journey/find.js";
import { head } from "./journey/head.js";
import { follow } from "./journey/follow.js";
import { panel } from "./journey/panel.js";
import { late } from "./journey/late.js";
import { absent } from "./journey/absent.js";
import { stick } from "./journey/stick.js";
import { sequence } from "./journey/sequenceview.js";
import { tree } from "./journey/treeview.js";
import { table } from "./journey/tableview.js";
import { waterfall } from "./journey/waterfall.js";
import { waterfallKeys } from "./journey/shortcuts.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {import("../types.js").Journey} Journey */

/** tabs are the views of a journey, by their part of the address. */
const tabs = [["", "Waterfall"], ["critical", "Critical path"], ["sequence", "Sequence"], ["tree", "Tree"], ["table", "Table"]];

/** @param {Context} first @returns {import("../types.js").View} */
export function open(first) {
  let ctx = first;
  /** @type {Journey | null} */
  let journey = null;
  const id = () => ctx.params.id ?? "";
  const view = () => (ctx.params.view === "waterfall" ? "" : ctx.params.view ?? "");
  const span = () => ctx.query.get("span") ?? "";
  const base = (/** @type {string} */ name) => `${name ? path("journeys", id(), name) : path("journeys", id())}${ctx.query.size ? `?${ctx.query}` : ""}`;

  const openSpan = (/** @type {string} */ key) => ctx.setQuery({ span: key === span() ? null : key }, { replace: span() !== "" });
  const goSpan = (/** @type {string} */ key) => {
    ctx.setQuery({ span: key }, { replace: true });
    falls.goTo(falls.board.find(key));
  };
  const closeSpan = () => {
    const key = span();
    ctx.setQuery({ span: null }, { replace: true });
    if (["", "critical"].includes(view())) falls.goTo(falls.board.find(key));
  };

  const top = head({ reveal: (spanId) => {
    const line = falls.board.lines.find((one) => one.row?.spanId === spanId);
    if (line) goSpan(line.key);
  } });
  const falls = waterfall({
    open: openSpan, announce: (text) => ctx.announce(text),
    critical: (on) => ctx.go(base(on ? "critical" : "")),
    attributes: async () => attributesOf(await api.get(`${path("api", "journeys", id(), "export")}?format=otlp`)),
  });
  const why = late({ go: goSpan });
  const others = { sequence: sequence({ open: openSpan, toast: (text, options) => ctx.toast(text, options) }), tree: tree({ toast: (text, options) => ctx.toast(text, options) }), table: table({ open: openSpan }) };
  const side = panel({ close: closeSpan, go: goSpan, toast: (text, options) => ctx.toast(text, options) });

  const links = tabs.map(([, text]) => h("a", null, text));
  const nav = h("nav", { class: "tabs j-tabs", "aria-label": "Views of this journey" }, links);
  const body = h("div", { class: "j-body" });
  const split = h("div", { class: "j-split" }, body, side.element);
  const page = h("div", { class: "j-page" }, top.element, nav, split);
  const waiting = h("div", { class: "stack" }, h("h1", { class: "unseen" }, "Journey"), loading(1, "5rem"), loading(9, "1.75rem"));
  const element = h("div", { class: "journey" }, waiting);
  const unstick = stick(element);
  let shownView = "none";

  /** draw shows what the address asks for. @param {boolean} moved the reader went to another span or view */
  function draw(moved) {
    if (!journey) return;
    if (!page.isConnected) fill(element, page);
    const name = view();
    const line = falls.board.lines[falls.board.find(span())] ?? null;
    // The links stay the same elements, so that they keep the focus.
    tabs.forEach(([key = ""], i) => {
      const link = links[i];
      if (link) set(link, { href: base(key), "aria-current": key === name ? "page" : null });
    });
    const other = others[/** @type {keyof typeof others} */ (name)];
    if (shownView !== name) {
      shownView = name;
      fill(body, other ? other.element : [name === "critical" && why.element, falls.element]);
    }
    split.classList.toggle("has-panel", span() !== "");
    if (other) {
      falls.board.take(journey);
      other.show(journey, span());
    } else {
      why.show(journey, span());
      falls.show(journey, { critical: name === "critical", selected: span(), reveal: moved });
    }
    const at = falls.board.lines[falls.board.find(span())] ?? line;
    if (span()) void side.show(id(), span(), at);
    else side.hide();
  }

  const live = follow({
    take(next) {
      const firstTime = !journey;
      journey = next;
      top.show(next, ctx);
      draw(firstTime);
      ctx.setTitle(title(next));
      if (firstTime) {
        if (span()) falls.goTo(falls.board.find(span()));
        ctx.ready();
      }
    },
    fail(thrown, trying) {
      if (journey) return;
      fill(element, absent(thrown, id(), trying, () => live.start(id())));
      ctx.ready();
    },
  });
  live.start(id());
  const clock = setInterval(top.tick, 1000);
  const drop = [
    ...waterfallKeys(falls),
    keys.add("Journey", "c", "Show or hide the critical path", () => ctx.go(base(view() === "critical" ? "" : "critical"))),
    ...tabs.map(([key, text], i) => keys.add("Journey", String(i + 1), text ?? "", () => ctx.go(base(key ?? "")))),
    keys.add("Journey", "Escape", "Close the span", () => span() && closeSpan()),
  ];

  return {
    title: "Journey", element, loading: true,
    update(next) {
      const before = { id: id(), span: span(), view: view() };
      ctx = next;
      if (id() !== before.id) {
        journey = null;
        fill(element, waiting);
        live.start(id());
        return;
      }
      draw(span() !== before.span || view() !== before.view);
      if (journey) ctx.setTitle(title(journey));
      if (span() && !before.span && side.element.contains(document.activeElement)) side.focus();
    },
    close() {
      live.stop();
      clearInterval(clock);
      unstick();
      falls.close();
      for (const one of Object.values(others)) one.close?.();
      for (const remove of drop) remove();
    },
  };
}

/** @param {Journey} journey */
const title = ({ row }) => row.number ? nameOf(row) : `${row.root || "Journey"} ${row.id.slice(0, 8)}`;

