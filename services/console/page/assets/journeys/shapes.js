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

/** size is the width and height of a shape with its margin, in CSS pixels. */
export const size = 16;

/**
 * pictures draws each shape once. Copying a picture costs a tenth of drawing its curves, and there are hundreds in a frame.
 * @param {Colours} colours
 * @param {number} scale device pixels per CSS pixel
 * @returns {Map<string, HTMLCanvasElement>} by state
 */
export function pictures(colours, scale) {
  /** @type {Map<string, HTMLCanvasElement>} */
  const all = new Map();
  for (const [name, shape] of Object.entries(shapes)) {
    const colour = colours[states[/** @type {State} */ (name)].tone];
    const picture = document.createElement("canvas");
    picture.width = picture.height = Math.round(size * scale);
    const to = picture.getContext("2d");
    if (!to || !colour) continue;
    to.setTransform(scale, 0, 0, scale, picture.width / 2, picture.height / 2);
    to.fillStyle = to.strokeStyle = colour.full;
    to.lineCap = "round";
    shape(to, colour.soft);
    all.set(name, picture);
  }
  return all;
}
