// The time axis over the rows, and the minimap above it.
import { fill, h, styles } from "../../lib/dom.js";
import { s } from "../../lib/svg.js";
import { place, ticks, tickText, zoom, pan, isWhole } from "./axis.js";
import { strokes } from "./minimap.js";

/** @typedef {import("./board.js").Board} Board */

/** @param {Board} board */
export function axis(board) {
  const element = h("div", { class: "wf-axis" });
  const inner = h("div", { class: "wf-ticks-in" });
  const lines = h("div", { class: "wf-ticks", "aria-hidden": "true" }, inner);
  const draw = () => {
    const { step, list } = ticks(board.range, board.width);
    fill(element, list.map(({ ms, at }) => h("span", { class: at > 0.94 ? "wf-tick is-last" : "wf-tick", style: { left: `${at * 100}%` } }, tickText(ms, step))));
    fill(inner, list.map(({ at }) => h("i", { style: { left: `${at * 100}%` } })));
  };
  return { element, lines, draw };
}

const lanes = 20;
const tall = 44;

/**
 * minimap makes the strip that shows the whole journey and which part of it is seen.
 * @param {Board} board
 * @param {() => void} redraw
 */
export function minimap(board, redraw) {
  const paint = s("svg", { class: "mm-paint", preserveAspectRatio: "none", "aria-hidden": "true" });
  const left = h("div", { class: "mm-shade" });
  const right = h("div", { class: "mm-shade" });
  const pick = h("div", { class: "mm-pick", hidden: true });
  const element = h("div", {
    class: "mm", tabindex: "0", role: "slider", "aria-label": "Part of the time that is shown. Arrow keys move it, plus and minus zoom, 0 shows all.",
    "aria-valuemin": "0", "aria-valuemax": "100", "aria-valuenow": "0", title: "Drag to zoom. Double-click shows all.",
  }, paint, left, right, pick);

  const see = (/** @type {import("./axis.js").Range} */ range) => {
    board.see(range);
    redraw();
  };

  /** time returns the time under the pointer. @param {MouseEvent} event */
  const time = (event) => {
    const box = element.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    return board.whole.from + share * (board.whole.to - board.whole.from);
  };

  element.addEventListener("pointerdown", (down) => {
    if (down.button !== 0) return;
    const start = time(down);
    const before = board.range;
    const moves = !isWhole(before, board.whole) && start >= before.from && start <= before.to;
    element.setPointerCapture(down.pointerId);
    const moved = (/** @type {PointerEvent} */ event) => {
      const now = time(event);
      if (moves) return see({ from: before.from + now - start, to: before.to + now - start });
      pick.hidden = false;
      const [a, b] = [place(board.whole, Math.min(start, now)), place(board.whole, Math.max(start, now))];
      styles(pick, { left: `${a * 100}%`, width: `${(b - a) * 100}%` });
    };
    const up = (/** @type {PointerEvent} */ event) => {
      element.removeEventListener("pointermove", moved);
      pick.hidden = true;
      const now = time(event);
      if (!moves && Math.abs(event.clientX - down.clientX) > 4) see({ from: Math.min(start, now), to: Math.max(start, now) });
    };
    element.addEventListener("pointermove", moved);
    element.addEventListener("pointerup", up, { once: true });
    element.addEventListener("pointercancel", () => element.removeEventListener("pointermove", moved), { once: true });
  });
  element.addEventListener("dblclick", () => see(board.whole));
  element.addEventListener("keydown", (event) => {
    const middle = (board.range.from + board.range.to) / 2;
    /** @type {Record<string, () => import("./axis.js").Range>} */
    const acts = {
      ArrowLeft: () => pan(board.range, -0.2, board.whole), ArrowRight: () => pan(board.range, 0.2, board.whole),
      "+": () => zoom(board.range, 0.5, middle, board.whole), "-": () => zoom(board.range, 2, middle, board.whole), 0: () => board.whole,
    };
    const act = acts[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    see(act());
  });

  const drawWindow = () => {
    const from = place(board.whole, board.range.from) * 100;
    const to = place(board.whole, board.range.to) * 100;
    styles(left, { left: "0", width: `${from}%` });
    styles(right, { left: `${to}%`, width: `${100 - to}%` });
    element.setAttribute("aria-valuenow", String(Math.round(from)));
    element.setAttribute("aria-valuetext", `${Math.round(from)} to ${Math.round(to)} percent`);
  };

  /** draw paints all spans. It is for new data: zooming needs drawWindow only. */
  const draw = () => {
    const width = Math.max(200, Math.round(element.clientWidth));
    const all = strokes(board.lines, board.whole, lanes, width);
    const count = Math.max(6, Math.min(lanes, new Set(all.map((stroke) => stroke.lane)).size));
    const step = tall / count;
    /** @type {Map<string, string>} */
    const paths = new Map();
    for (const one of all) {
      const kind = one.failed ? "failed" : one.kind;
      const y = Math.round((one.lane + 0.5) * step * 10) / 10;
      paths.set(kind, `${paths.get(kind) ?? ""}M${one.from * width} ${y}H${one.to * width}`);
    }
    paint.setAttribute("viewBox", `0 0 ${width} ${tall}`);
    fill(paint, [...paths].map(([kind, d]) => s("path", { d, class: `mm-${kind}`, "stroke-width": Math.max(1.2, Math.min(4, step - 1)) })));
    drawWindow();
  };
  return { element, draw, drawWindow };
}
