// The rows of the waterfall: a treegrid that draws only the rows in sight.
import { h } from "../../lib/dom.js";
import { foldable } from "./folding.js";
import { overlay } from "./overlay.js";
import { rowOf } from "./row.js";
import { windowOf } from "./virtual.js";

/** @typedef {import("./board.js").Board} Board */

/**
 * grid makes the rows of a board.
 * @param {Board} board
 * @param {{open: (key: string) => void, redraw: () => void, reveal: (at: number) => void}} on
 */
export function grid(board, on) {
  const curves = overlay(board);
  const rows = h("div", { class: "wf-rows", role: "rowgroup" });
  const element = h("div", { class: "wf-body" }, curves.element, rows);
  let height = 30;
  /** @type {Map<string, HTMLElement>} */
  let drawn = new Map();
  let hover = "";
  let seen = ""; // what was drawn: most scroll events change nothing

  let drawing = false;

  /** measure reads the height of a row, which differs on a phone. */
  const measure = () => {
    height = Number.parseFloat(getComputedStyle(element).getPropertyValue("--row")) || 30;
  };

  /** draw draws the rows in sight. With fresh, rows that are there are made again. */
  const draw = (fresh = true) => {
    if (drawing) return; // giving the focus back must not draw again
    drawing = true;
    try {
      paint(fresh);
    } finally {
      drawing = false;
    }
  };

  /** @param {boolean} fresh */
  const paint = (fresh) => {
    const box = element.getBoundingClientRect();
    const count = board.shown.length;
    const { from, to } = windowOf({ top: -box.top, height: window.innerHeight, row: height, count });
    const focused = document.activeElement instanceof HTMLElement && rows.contains(document.activeElement);
    const chosen = hover || board.selected || (focused ? board.active : "");
    const now = [from, to, count, height, chosen, board.active].join(" ");
    if (!fresh && now === seen) return;
    seen = now;
    element.style.setProperty("height", `${count * height}px`);
    /** @type {Map<string, HTMLElement>} */
    const next = new Map();
    const put = (/** @type {number} */ position) => {
      const at = /** @type {number} */ (board.shown[position]);
      const key = board.line(at).key;
      const row = (!fresh && drawn.get(key)) || rowOf(board, at, position);
      row.style.setProperty("top", `${position * height}px`);
      next.set(key, row);
    };
    const active = board.shown.indexOf(board.find(board.active));
    if (active >= 0 && active < from) put(active);
    for (let i = from; i < to; i++) put(i);
    if (active >= to) put(active);
    place(rows, [...next.values()]);
    if (focused && fresh) next.get(board.active)?.focus({ preventScroll: true });
    drawn = next;
    curves.draw(from, to, height, chosen);
  };

  /** move makes the row at a place active and brings it into sight. @param {number} position */
  const move = (position) => {
    const bounded = Math.max(0, Math.min(board.shown.length - 1, position));
    const line = board.lines[board.shown[bounded] ?? -1];
    if (!line) return;
    drawn.get(board.active)?.setAttribute("tabindex", "-1");
    board.active = line.key;
    draw(false);
    const row = drawn.get(line.key);
    row?.setAttribute("tabindex", "0");
    row?.focus({ preventScroll: true });
    row?.scrollIntoView({ block: "nearest" });
  };

  const fold = (/** @type {number} */ at, /** @type {boolean} */ folded) => {
    const { key } = board.line(at);
    if (folded) board.folding.folded.add(key);
    else board.folding.folded.delete(key);
    board.fold();
    on.redraw();
  };

  const databases = (/** @type {number} */ at) => {
    const { key } = board.line(at);
    if (!board.folding.opened.delete(key)) board.folding.opened.add(key);
    board.fold();
    on.redraw();
  };

  rows.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const position = board.shown.indexOf(board.find(board.active));
    const at = board.shown[position];
    if (at === undefined) return;
    const line = board.line(at);
    const page = Math.max(1, Math.floor(window.innerHeight / height) - 6);
    const folds = foldable(line, at, board.folding);
    const folded = board.folding.folded.has(line.key);
    /** @type {Record<string, () => void>} */
    const acts = {
      ArrowDown: () => move(position + 1), ArrowUp: () => move(position - 1), PageDown: () => move(position + page), PageUp: () => move(position - page),
      Home: () => move(0), End: () => move(board.shown.length - 1),
      ArrowRight: () => (folds && folded ? fold(at, false) : folds ? move(position + 1) : undefined),
      ArrowLeft: () => (folds && !folded ? fold(at, true) : line.parent >= 0 ? move(board.shown.indexOf(line.parent)) : undefined),
      Enter: () => on.open(line.key), " ": () => on.open(line.key), d: () => databases(at),
    };
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  });

  /** @param {Event} event */
  const rowAt = (event) => (event.target instanceof Element ? /** @type {HTMLElement | null} */ (event.target.closest(".wf-row")) : null);

  rows.addEventListener("click", (event) => {
    const key = rowAt(event)?.dataset.key;
    if (!key) return;
    const at = board.find(key);
    const act = event.target instanceof Element ? /** @type {HTMLElement | null} */ (event.target.closest("[data-act]"))?.dataset.act : "";
    if (act === "fold" && foldable(board.line(at), at, board.folding)) return fold(at, !board.folding.folded.has(key));
    if (act === "database") return databases(at);
    if (act === "link") return follow(at);
    move(board.shown.indexOf(at));
    on.open(key);
  });

  /** follow goes to the other end of the first link of a line. @param {number} at */
  const follow = (at) => {
    const links = board.links.get(at);
    const other = links?.out.find((arc) => arc.to >= 0)?.to ?? links?.in[0]?.from;
    if (other === undefined) on.open(board.line(at).key);
    else on.reveal(other);
  };

  rows.addEventListener("pointerover", (event) => {
    const key = rowAt(event)?.dataset.key ?? "";
    if (key === hover) return;
    hover = key;
    draw(false);
  });
  rows.addEventListener("pointerleave", () => {
    hover = "";
    draw(false);
  });
  rows.addEventListener("focusin", () => draw(false));

  return { element, rows, draw, move, measure, databases };
}

/**
 * place makes elements the children of a parent, and leaves those where they are that stand right.
 * @param {HTMLElement} parent
 * @param {HTMLElement[]} wanted
 */
function place(parent, wanted) {
  const keep = new Set(wanted);
  for (const child of [...parent.children]) if (!keep.has(/** @type {HTMLElement} */ (child))) child.remove();
  let at = parent.firstElementChild;
  for (const one of wanted) {
    if (one === at) at = at.nextElementSibling;
    else parent.insertBefore(one, at);
  }
}
