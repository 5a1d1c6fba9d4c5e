// The shapes of a sequence diagram.
import { s } from "../../lib/svg.js";
import { duration } from "../../lib/format.js";
import { keyOf } from "./lines.js";
import { words } from "./sequence.js";

/** @typedef {import("./participants.js").Participant} Participant */

export const rowHeight = 44;
export const gutter = 76;
const most = 110; // characters of a text
const widths = { service: 132, queue: 118, outside: 96 };

/**
 * columnsOf places the participants side by side. Spare room goes to all of them.
 * @param {Participant[]} participants
 * @param {number} room in pixels
 */
export function columnsOf(participants, room) {
  const least = participants.reduce((sum, one) => sum + widths[one.kind], 0);
  const stretch = Math.min(1.7, Math.max(room < 600 ? 0.74 : 1, (room - gutter - 24) / Math.max(1, least)));
  /** @type {Map<string, {x: number, wide: number}>} */
  const places = new Map();
  let left = gutter;
  for (const one of participants) {
    const wide = widths[one.kind] * stretch;
    places.set(one.key, { x: left + wide / 2, wide });
    left += wide;
  }
  return {
    width: Math.max(Math.round(left + 24), room - 2),
    x: (/** @type {string} */ key) => places.get(key)?.x ?? gutter,
    wide: (/** @type {string} */ key) => places.get(key)?.wide ?? 100,
  };
}

/** @typedef {ReturnType<typeof columnsOf>} Columns */

/** @param {number} position */
const middle = (position) => (position + 0.5) * rowHeight + 8;

/** @param {import("./sequence.js").Stay} stay @param {Columns} columns */
export function stayShape(stay, columns) {
  const y = middle(stay.from);
  return s("rect", { class: `sq-stay is-${stay.kind}`, x: columns.x(stay.on) - 5, y, width: 10, height: Math.max(4, middle(stay.to) - y), rx: 2 });
}

/**
 * arrowShape draws an arrow with its text.
 * @param {import("./sequence.js").Arrow} arrow
 * @param {number} position
 * @param {Columns} columns
 * @param {string} selected
 * @param {(key: string) => void} open
 */
export function arrowShape(arrow, position, columns, selected, open) {
  const y = middle(position);
  const from = columns.x(arrow.from);
  const ends = arrow.to.length ? arrow.to.map((key) => columns.x(key)) : [from + 46];
  const far = ends.reduce((a, b) => (Math.abs(b - from) > Math.abs(a - from) ? b : a), from);
  const key = keyOf(arrow.row);
  const self = far === from;
  const left = Math.min(from, far, ...ends);
  const cross = arrow.type === "dead" || arrow.type === "lost";
  const act = () => open(key);
  return s("g", {
    class: `sq-arrow is-${arrow.type}${arrow.failed ? " is-failed" : ""}${key === selected ? " is-selected" : ""}`, tabindex: "0", role: "button", "aria-label": words(arrow), "data-key": key, "data-span": key,
    onclick: act, onkeydown: (/** @type {KeyboardEvent} */ event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        event.stopPropagation();
        act();
      }
    },
  },
  s("rect", { class: "sq-hit", x: 0, y: y - rowHeight / 2, width: columns.width, height: rowHeight }),
  s("text", { class: "sq-at", x: gutter - 12, y: y + 4, "text-anchor": "end" }, `+${duration(Math.max(0, arrow.at))}`),
  self ? s("path", { class: "sq-line", d: `M${from} ${y - 7}h26v14h-20`, fill: "none" }) : s("line", { class: "sq-line", x1: from, x2: far, y1: y, y2: y }),
  ends.map((x) => (cross ? crossAt(self ? from + 8 : x, self ? y + 7 : y) : tip(x, y, Math.sign(x - from) || 1))),
  textOf(arrow, Math.max(left + 10, gutter), y, columns.width - Math.max(left + 10, gutter)));
}

/** @param {number} x @param {number} y @param {number} direction */
const tip = (x, y, direction) => s("path", { class: "sq-tip", d: `M${x} ${y}l${-9 * direction} -4.5v9z` });

/** @param {number} x @param {number} y */
const crossAt = (x, y) => s("path", { class: "sq-cross", d: `M${x - 6} ${y - 6}l12 12M${x + 6} ${y - 6}l-12 12`, fill: "none" });

/** @param {import("./sequence.js").Arrow} arrow @param {number} x @param {number} y @param {number} room */
function textOf(arrow, x, y, room) {
  const signs = [arrow.remark, ...arrow.injected.map((key) => `⚑ ${key}`), arrow.failed && arrow.type !== "lost" && `✕ ${arrow.row.error || "error"}`].filter(Boolean).join(" · ");
  const whole = signs ? `${arrow.text} · ${signs}` : arrow.text;
  const cut = whole.length > most ? `${whole.slice(0, most - 1)}…` : whole;
  const own = Math.min(arrow.text.length, cut.length);
  const fits = cut.length * 6.6 <= room;
  return s("text", { class: "sq-text", x: fits ? x : x + room - 10, y: y - 7, "text-anchor": fits ? "start" : "end" }, s("title", null, whole), cut.slice(0, own), s("tspan", { class: "sq-signs" }, cut.slice(own)));
}
