// The curves of links over the rows of the waterfall.
import { fill } from "../../lib/dom.js";
import { s } from "../../lib/svg.js";
import { place } from "./axis.js";
import { curve } from "./links.js";

/** @typedef {import("./board.js").Board} Board */
/** @typedef {import("./links.js").Arc} Arc */

/** many is the number of links from which on only those of one line are drawn. */
const many = 40;

/** @param {Board} board */
export function overlay(board) {
  const element = s("svg", { class: "wf-links", "aria-hidden": "true" });

  /**
   * draw draws the links that touch the rows in sight. Those of the line with the key stand out.
   * @param {number} from
   * @param {number} to
   * @param {number} height of a row
   * @param {string} key
   */
  const draw = (from, to, height, key) => {
    const chosen = board.find(key);
    if (!board.arcs.length) return;
    const places = board.places();
    const own = board.links.get(chosen);
    const arcs = (board.arcs.length <= many ? board.arcs : [...new Set([...(own?.out ?? []), ...(own?.in ?? [])])]).filter((arc) => arc.to >= 0);
    const visible = arcs.flatMap((arc) => {
      const a = places.get(arc.from);
      const b = places.get(arc.to);
      if (a === undefined || b === undefined || Math.max(a, b) < from || Math.min(a, b) >= to) return [];
      const strong = arc.from === chosen || arc.to === chosen;
      const d = curve({ x: x(arc.from, "start"), y: (a + 0.5) * height }, { x: x(arc.to, "end"), y: (b + 0.5) * height });
      const end = { x: x(arc.to, "end"), y: (b + 0.5) * height };
      return [s("g", { class: strong ? "wf-link is-strong" : "wf-link" }, s("path", { d, fill: "none" }), s("circle", { cx: end.x, cy: end.y, r: 3 }))];
    });
    element.style.setProperty("left", `${board.left}px`);
    element.style.setProperty("width", `${board.width}px`);
    fill(element, visible);
  };

  /** x returns where a bar begins or ends, in pixels. @param {number} at @param {"start" | "end"} side */
  const x = (at, side) => {
    const row = board.line(at).row;
    const ms = row ? row.startMs + (side === "end" ? row.durationMs : 0) : 0;
    return Math.min(1, Math.max(0, place(board.range, ms))) * board.width;
  };

  return { element, draw };
}
