// The dots of the lanes, on one canvas.
//
// A canvas, because fifty orders a second move hundreds of dots at once: as elements, each would be a layer of the browser, and
// frames took more than 100 ms. One drawing per frame takes a few. The table beside it is for screen readers.
import { h } from "../lib/dom.js";
import { path } from "../lib/router.js";
import { stateOf } from "../lib/state.js";
import { watch } from "../lib/theme.js";
import { aim, step } from "./motion.js";
import { coloursOf, pictures, size } from "./shapes.js";
import { pitch } from "./slots.js";

/** @typedef {import("../types.js").Row} Row */
/** @typedef {import("./motion.js").Moving & {row: Row, cell: string, turn: number}} Dot */

const reach = 10; // CSS pixels around a dot that count as the dot

/**
 * dots makes the canvas.
 * @param {(path: string) => void} open
 */
export function dots(open) {
  const element = h("canvas", { class: "l-dots", "aria-hidden": "true" });
  const to = /** @type {CanvasRenderingContext2D} */ (element.getContext("2d"));
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  /** @type {Map<string, Dot>} */
  const all = new Map();
  /** @type {Map<string, HTMLCanvasElement>|null} */
  let shapes = null;
  let scale = 1;
  let width = 0;
  let height = 0;
  let frame = 0;
  let turn = 0;
  const stop = watch(() => {
    shapes = null;
    request();
  });

  const request = () => {
    frame ||= requestAnimationFrame((now) => {
      frame = 0;
      paint(now);
    });
  };

  /** @param {number} now */
  function paint(now) {
    shapes ??= pictures(coloursOf(/** @type {HTMLElement} */ (element)), scale);
    to.clearRect(0, 0, width, height);
    let moving = false;
    for (const dot of all.values()) {
      moving = step(dot, now) || moving;
      const shape = shapes.get(dot.row.state);
      if (shape) to.drawImage(shape, dot.x + (pitch - size) / 2, dot.y + (pitch - size) / 2, size, size);
    }
    if (moving) request();
  }

  /** @param {MouseEvent} event @returns {Dot|undefined} */
  function under(event) {
    const box = element.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left - pitch / 2, event.clientY - box.top - pitch / 2];
    let best;
    let least = reach ** 2;
    for (const dot of all.values()) {
      const far = (dot.x - x) ** 2 + (dot.y - y) ** 2;
      if (far < least) [best, least] = [dot, far];
    }
    return best;
  }
  element.addEventListener("click", (event) => {
    const dot = under(event);
    if (!dot) return;
    const where = path("journeys", dot.row.id);
    if (event.metaKey || event.ctrlKey) window.open(where, "_blank", "noopener");
    else open(where);
  });
  element.addEventListener("pointermove", (event) => {
    const row = under(event)?.row;
    element.style.cursor = row ? "pointer" : "";
    element.title = row ? `${row.customer ?? row.root}: ${stateOf(row.state).word}${row.where ? `, ${row.where.name}` : ""}` : "";
  });

  return {
    element,
    /** size sets the size of the canvas. @param {number} w @param {number} h */
    size(w, h) {
      scale = Math.min(2, devicePixelRatio || 1);
      shapes = null;
      [width, height] = [w, h];
      [element.width, element.height] = [Math.round(w * scale), Math.round(h * scale)];
      element.style.width = `${w}px`;
      element.style.height = `${h}px`;
      to.setTransform(scale, 0, 0, scale, 0, 0);
      request();
    },
    /** begin starts a round of put. Dots that are not put again leave at its end. */
    begin() {
      turn++;
    },
    /** cellOf says where a dot is, or "" if there is none. @param {string} id */
    cellOf: (id) => all.get(id)?.cell ?? "",
    /** keep leaves a dot where it is. @param {Row} row */
    keep(row) {
      const dot = all.get(row.id);
      if (dot) Object.assign(dot, { row, turn });
    },
    /** put sends the dot of a journey to a place. @param {Row} row @param {string} cell @param {{x: number, y: number}} at */
    put(row, cell, at) {
      const dot = all.get(row.id);
      if (!dot) all.set(row.id, { row, cell, turn, x: at.x, y: at.y, fromX: at.x, fromY: at.y, toX: at.x, toY: at.y, at: 0 });
      else {
        Object.assign(dot, { row, cell, turn });
        aim(dot, at, performance.now(), calm.matches);
      }
    },
    end() {
      for (const [id, dot] of all) if (dot.turn !== turn) all.delete(id);
      request();
    },
    close() {
      stop();
      cancelAnimationFrame(frame);
      all.clear();
    },
  };
}
