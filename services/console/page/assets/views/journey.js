// One journey: its head, and the same spans as waterfall, sequence diagram, tree or table.
import { fill, h, set } from "../lib/dom.js";
import { failed, loading } from "../lib/blocks.js";
import { keys } from "../lib/keys.js";
import { later } from "../lib/later.js";
import { styles } from "../lib/styles.js";
import { nameOf } from "../lib/names.js";
import { path } from "../lib/router.js";
import { api } from "../lib/api.js";
import { attributesOf } from "./journey/find.js";
import { head } from "./journey/head.js";
import { follow } from "./journey/follow.js";
import { absent } from "./journey/absent.js";
import { stick } from "./journey/stick.js";
import { waterfall } from "./journey/waterfall.js";
import { waterfallKeys } from "./journey/shortcuts.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {import("../types.js").Journey} Journey */

/** tabs are the views of a journey, by their part of the address. */
const tabs = [["", "Waterfall"], ["critical", "Critical path"], ["sequence", "Sequence"], ["tree", "Tree"], ["table", "Table"]];

/** more waits for a module and for the styles that such modules share. @template T @param {Promise<T>} module */
const more = async (module) => (await Promise.all([module, styles("journey-more", "journey")]))[0];

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
  const toast = (/** @type {string} */ text, /** @type {any} */ options) => ctx.toast(text, options);
  // What the waterfall does not need is loaded when it is shown.
  const why = later(async () => (await import("./journey/late.js")).late({ go: goSpan }));
  const others = {
    sequence: later(async () => (await more(import("./journey/sequenceview.js"))).sequence({ open: openSpan, toast })),
    tree: later(async () => (await more(import("./journey/treeview.js"))).tree({ toast })),
    table: later(async () => (await more(import("./journey/tableview.js"))).table({ open: openSpan })),
  };
  const side = later(async () => (await more(import("./journey/panel.js"))).panel({ close: closeSpan, go: goSpan, toast }));

  const links = tabs.map(([, text]) => h("a", null, text));
  const nav = h("nav", { class: "tabs j-tabs", "aria-label": "Views of this journey" }, links);
  const body = h("div", { class: "j-body" });
  const split = h("div", { class: "j-split" }, body);
  const page = h("div", { class: "j-page" }, top.element, nav, split);
  const waiting = h("div", { class: "stack" }, h("h1", { class: "unseen" }, "Journey"), loading(1, "5rem"), loading(9, "1.75rem"));
  const element = h("div", { class: "journey" }, waiting);
  const unstick = stick(element);
  let shownView = "none";
  let closed = false;

  /** draw shows what the address asks for, once its modules are there. @param {boolean} moved the reader went to another span or view */
  async function draw(moved) {
    const name = view();
    const other = others[/** @type {keyof typeof others} */ (name)];
    const wanted = [other, name === "critical" ? why : null, span() ? side : null].flatMap((part) => (part && !part.now() ? part.load() : []));
    if (wanted.length) {
      try {
        await Promise.all(wanted);
      } catch (thrown) {
        fill(element, failed(thrown, () => void draw(moved)));
        return;
      }
      if (closed || view() !== name) return; // the next draw shows it
    }
    if (journey) show(journey, name, moved);
  }

  /** @param {Journey} now @param {string} name of the view @param {boolean} moved */
  function show(now, name, moved) {
    if (!page.isConnected) fill(element, page);
    const line = falls.board.lines[falls.board.find(span())] ?? null;
    // The links stay the same elements, so that they keep the focus.
    tabs.forEach(([key = ""], i) => {
      const link = links[i];
      if (link) set(link, { href: base(key), "aria-current": key === name ? "page" : null });
    });
    const other = others[/** @type {keyof typeof others} */ (name)]?.now();
    const reason = name === "critical" ? why.now() : null;
    if (shownView !== name) {
      shownView = name;
      fill(body, other ? other.element : [reason?.element, falls.element]);
    }
    split.classList.toggle("has-panel", span() !== "");
    if (other) {
      falls.board.take(now);
      other.show(now, span());
    } else {
      reason?.show(now, span());
      falls.show(now, { critical: name === "critical", selected: span(), reveal: moved });
    }
    const panel = side.now();
    if (panel && !panel.element.isConnected) split.append(panel.element);
    if (span()) void panel?.show(id(), span(), falls.board.lines[falls.board.find(span())] ?? line);
    else panel?.hide();
  }

  const live = follow({
    take(next) {
      const firstTime = !journey;
      journey = next;
      top.show(next, ctx);
      ctx.setTitle(title(next));
      void draw(firstTime).then(() => {
        if (!firstTime || closed) return;
        if (span()) falls.goTo(falls.board.find(span()));
        ctx.ready();
      });
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
      void draw(span() !== before.span || view() !== before.view);
      if (journey) ctx.setTitle(title(journey));
      const panel = side.now();
      if (span() && !before.span && panel?.element.contains(document.activeElement)) panel.focus();
    },
    close() {
      closed = true;
      live.stop();
      clearInterval(clock);
      unstick();
      falls.close();
      for (const one of Object.values(others)) {
        const part = one.now();
        if (part && "close" in part) part.close();
      }
      for (const remove of drop) remove();
    },
  };
}

/** @param {Journey} journey */
const title = ({ row }) => row.number ? nameOf(row) : `${row.root || "Journey"} ${row.id.slice(0, 8)}`;

