// The waterfall of a journey: rows over time, with waits, back-offs and work apart.
import { h } from "../../lib/dom.js";
import { isWhole, pan, zoom } from "./axis.js";
import { axis, minimap } from "./axisview.js";
import { Board } from "./board.js";
import { find, step } from "./find.js";
import { grid } from "./grid.js";
import { toolbar } from "./toolbar.js";

/** @typedef {import("../../types.js").Journey} Journey */

/**
 * waterfall makes the view.
 * @param {{open: (key: string) => void, critical: (on: boolean) => void, attributes: () => Promise<Map<string, string>>, announce: (text: string) => void}} on
 *   attributes loads the attributes of all spans, for the search.
 */
export function waterfall(on) {
  const board = new Board();
  /** @type {Map<string, string>} */
  let attributes = new Map();
  const search = { text: "", at: 0, matches: /** @type {number[]} */ ([]), note: "" };

  const rows = grid(board, { open: on.open, redraw: () => redraw(), reveal: (at) => goTo(at) });
  const times = axis(board);
  const map = minimap(board, () => redraw());
  const tools = toolbar({
    search: (text) => look(text),
    step: (direction) => stepTo(direction),
    zoom: (factor) => zoomBy(factor),
    database: (shown) => {
      board.folding.database = shown;
      board.folding.opened.clear();
      board.fold();
      redraw();
    },
    critical: on.critical,
    foldAll: (folded) => {
      board.folding.folded = new Set(folded ? board.lines.flatMap((line, i) => (line.depth > 0 && line.end - i > 1 ? [line.key] : [])) : []);
      board.fold();
      redraw();
    },
  });
  const head = h("div", { class: "wf-sticky" }, h("div", { class: "mm-wrap" }, map.element),
    h("div", { class: "wf-headrow", role: "rowgroup" }, h("div", { class: "wf-header", role: "row", "aria-rowindex": "1" },
      h("div", { class: "wf-name", role: "columnheader" }, "Span"), h("div", { class: "wf-time", role: "columnheader", "aria-label": "Time" }, times.element))));
  const tree = h("div", { class: "wf", role: "treegrid", "aria-label": "Spans over time", "aria-colcount": "2" }, head, h("div", { class: "wf-ground", role: "presentation" }, times.lines, rows.element));
  const element = h("div", { class: "wf-view" }, tools.element, tree);
  // The minimap is no row, so it stands before the grid.
  element.insertBefore(head.firstElementChild ?? head, tree);

  function redraw() {
    measure();
    times.draw();
    map.drawWindow();
    tree.setAttribute("aria-rowcount", String(board.shown.length + 1));
    rows.draw();
    tell();
  }

  function tell() {
    const databases = board.lines.reduce((n, line) => n + (line.row?.database ? 1 : 0), 0);
    tools.show({ text: search.text, at: search.at, of: search.matches.length, note: search.note, databases, database: board.folding.database, critical: board.critical, whole: isWhole(board.range, board.whole) });
  }

  function measure() {
    rows.measure();
    const names = tree.clientWidth - times.element.clientWidth;
    element.classList.toggle("is-narrow", (names > 40 ? names : tree.clientWidth) < 470);
    board.width = times.element.clientWidth || board.width;
    board.left = times.element.getBoundingClientRect().left - rows.element.getBoundingClientRect().left;
  }

  /** goTo brings a line into sight. @param {number} at */
  function goTo(at) {
    const position = board.show(at);
    if (position < 0) return;
    redraw();
    rows.move(position);
  }

  /** @param {string} text */
  async function look(text) {
    search.text = text;
    refind(true);
    redraw();
    if (!text.trim() || attributes.size) return;
    search.note = ", loading attributes";
    tell();
    try {
      attributes = await on.attributes();
      search.note = "";
    } catch {
      search.note = ", without attributes";
    }
    refind(true);
    redraw();
  }

  /** @param {boolean} fromStart */
  function refind(fromStart) {
    search.matches = find(board.lines, search.text, attributes);
    board.found = new Set(search.matches);
    if (fromStart) search.at = 0;
    search.at = Math.min(search.at, Math.max(0, search.matches.length - 1));
  }

  /** @param {1 | -1} direction */
  function stepTo(direction) {
    const now = search.matches[search.at] ?? -1;
    const onMatch = board.find(board.active) === now;
    const next = onMatch ? step(search.matches, now, direction) : now;
    if (next < 0) return;
    search.at = search.matches.indexOf(next);
    const field = document.activeElement;
    goTo(next);
    if (field instanceof HTMLInputElement) field.focus({ preventScroll: true });
    on.announce(`Match ${search.at + 1} of ${search.matches.length}`);
  }

  /** @param {number} factor @param {number} [at] */
  function zoomBy(factor, at = (board.range.from + board.range.to) / 2) {
    board.see(factor === 0 ? board.whole : zoom(board.range, factor, at, board.whole));
    redraw();
  }

  tree.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.shiftKey) return;
    const box = times.element.getBoundingClientRect();
    if (event.clientX < box.left) return;
    event.preventDefault();
    const at = board.range.from + ((event.clientX - box.left) / box.width) * (board.range.to - board.range.from);
    if (event.ctrlKey) return zoomBy(event.deltaY > 0 ? 1.25 : 0.8, at);
    board.see(pan(board.range, (event.deltaY || event.deltaX) / 600, board.whole));
    redraw();
  }, { passive: false });

  let waiting = 0;
  const onScroll = () => {
    if (!waiting) waiting = requestAnimationFrame(() => {
      waiting = 0;
      rows.draw(false);
    });
  };
  const size = new ResizeObserver(() => {
    const before = board.width;
    measure();
    if (before !== board.width) {
      map.draw();
      redraw();
    } else rows.draw(false);
  });
  document.addEventListener("scroll", onScroll, { capture: true, passive: true });
  window.addEventListener("resize", onScroll, { passive: true });
  size.observe(tree);

  return {
    element, board, zoomBy, stepTo, goTo,
    focusSearch: () => tools.focus(),
    databases: () => rows.databases(board.find(board.active)),
    /** show takes a journey. @param {Journey} journey @param {{critical: boolean, selected: string, reveal: boolean}} state */
    show(journey, { critical, selected, reveal }) {
      attributes = search.text ? attributes : new Map();
      board.take(journey);
      board.critical = critical;
      board.selected = selected;
      refind(false);
      if (reveal && board.find(selected) >= 0) board.show(board.find(selected));
      measure();
      map.draw();
      redraw();
    },
    /** select marks the line of the open span. @param {string} key */
    select(key) {
      board.selected = key;
      if (board.find(key) >= 0) board.show(board.find(key));
      redraw();
    },
    close() {
      document.removeEventListener("scroll", onScroll, { capture: true });
      window.removeEventListener("resize", onScroll);
      size.disconnect();
      cancelAnimationFrame(waiting);
    },
  };
}
