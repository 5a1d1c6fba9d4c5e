// The shapes of dots on a canvas. The legend draws the same with CSS.
import { states } from "../lib/state.js";

/** @typedef {import("../types.js").State} State */
/** @typedef {Record<string, {full: string, soft: string}>} Colours by tone */

/**
 * coloursOf reads the colours of the theme. A probe is needed because a custom property is text until an element uses it.
 * @param {HTMLElement} probe
 * @returns {Colours}
 */
export function coloursOf(probe) {
  /** @type {Colours} */
  const colours = {};
  const read = (/** @type {string} */ token) => {
    probe.style.color = `var(--${token})`;
    return getComputedStyle(probe).color;
  };
  for (const { tone } of Object.values(states)) colours[tone] ??= { full: read(tone), soft: read(`${tone}-soft`) };
  probe.style.removeProperty("color");
  return colours;
}

/** @typedef {(to: CanvasRenderingContext2D, soft: string) => void} Shape draws around 0, 0 with both styles set to the full colour */

/** @param {CanvasRenderingContext2D} to @param {number[][]} points */
function polygon(to, points) {
  to.beginPath();
  for (const [x = 0, y = 0] of points) to.lineTo(x, y);
  to.closePath();
}

/** @param {CanvasRenderingContext2D} to @param {number} r @param {number} [from] @param {number} [until] */
function arc(to, r, from = 0, until = 2 * Math.PI) {
  to.beginPath();
  to.arc(0, 0, r, from, until);
}

/** @type {Record<State, Shape>} */
const shapes = {
  dead(to) {
    to.lineWidth = 3;
    to.beginPath();
    for (const [x, y] of [[-4, -4], [4, -4]]) {
      to.moveTo(x ?? 0, y ?? 0);
      to.lineTo(-(x ?? 0), -(y ?? 0));
    }
    to.stroke();
  },
  lost(to) {
    to.lineWidth = 2;
    arc(to, 4, 0, 1.5 * Math.PI);
    to.stroke();
  },
  stuck(to, soft) {
    to.lineWidth = 1.5;
    to.strokeRect(-4.25, -4.25, 8.5, 8.5);
    to.fillStyle = soft;
    to.fillRect(-3.5, -3.5, 7, 7);
    to.beginPath();
    for (const i of [-3.5, 0, 3.5]) {
      to.moveTo(Math.max(-3.5, i - 3.5), Math.min(3.5, i + 3.5));
      to.lineTo(Math.min(3.5, i + 3.5), Math.max(-3.5, i - 3.5));
    }
    to.stroke();
  },
  failed(to) {
    polygon(to, [[0, -5.5], [6, 5], [-6, 5]]);
    to.fill();
  },
  retrying(to) {
    polygon(to, [[0, -6], [6, 0], [0, 6], [-6, 0]]);
    to.fill();
  },
  waiting(to, soft) {
    arc(to, 4);
    to.lineWidth = 2;
    to.stroke();
    to.fillStyle = soft;
    arc(to, 3);
    to.fill();
  },
  running(to) {
    arc(to, 5);
    to.fill();
  },
  done(to) {
    to.lineWidth = 2.2;
    to.beginPath();
    to.moveTo(-4, 0.5);
    to.lineTo(-1.2, 3.5);
    to.lineTo(4, -3.5);
    to.stroke();
  },
};

/**
 * draw draws the shape of a state.
 * @param {CanvasRenderingContext2D} to
 * @param {string} state
 * @param {number} x of the centre
 * @param {number} y
 * @param {Colours} colours
 */
export function draw(to, state, x, y, colours) {
  const name = /** @type {State} */ (state);
  const colour = colours[states[name]?.tone ?? ""];
  if (!colour) return;
  to.save();
  to.translate(x, y);
  to.fillStyle = to.strokeStyle = colour.full;
  to.lineCap = "round";
  shapes[name]?.(to, colour.soft);
  to.restore();
}
