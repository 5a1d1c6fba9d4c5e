// Elements of SVG, and the icons of the page.
import { add, attribute, styles } from "./dom.js";

const space = "http://www.w3.org/2000/svg";

/**
 * s makes an SVG element. `style` is an object, set through CSSOM. Functions by the name of an event (`onclick`) are listeners.
 * @template {keyof SVGElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, any>|null} [attributes]
 * @param {...import("./dom.js").Child} children
 * @returns {SVGElementTagNameMap[K]}
 */
export function s(tag, attributes, ...children) {
  const element = document.createElementNS(space, tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name === "style") styles(element, value);
    else if (name.startsWith("on")) {
      if (typeof value === "function") element.addEventListener(name.slice(2), value);
    } else attribute(element, name, value);
  }
  add(element, children);
  return element;
}

/** The paths of the icons, on a grid of 16 by 16. Filled ones begin with "*". @type {Record<string, string>} */
const paths = {
  dead: "M5 1.5h6L14.5 5v6L11 14.5H5L1.5 11V5z M5.5 5.5l5 5 M10.5 5.5l-5 5",
  lost: "M8 2a6 6 0 1 0 6 6 M11 2.5l2.5 2.5 M13.5 2.5L11 5 M8 5v3.5 M8 11v.4",
  stuck: "M4 1.5h8 M4 14.5h8 M5 1.5c0 4 6 5 6 13 M11 1.5c0 4-6 5-6 13",
  failed: "M8 1.8L14.8 14H1.2z M8 6v4 M8 12v.4",
  retrying: "M13.5 8A5.5 5.5 0 1 1 11.6 3.8 M11.8 1v3h-3",
  waiting: "M8 2.2a5.8 5.8 0 1 0 .01 0z M8 5v3.2l2.2 1.4",
  running: "*M4.5 2.5v11l9-5.5z",
  done: "M2.5 8.5l3.8 3.8L13.5 4.5",
  flag: "M3.5 14.5v-13 M3.5 2h9l-2.5 3.2L12.5 8.5h-9",
  search: "M7 2.2a4.8 4.8 0 1 0 .01 0z M10.5 10.5l4 4",
  pause: "*M4 2.5h3v11H4z M9 2.5h3v11H9z",
  play: "*M4.5 2.5v11l9-5.5z",
  follow: "M8 13V3 M3.5 7.5L8 3l4.5 4.5 M2.5 1h11",
  close: "M3.5 3.5l9 9 M12.5 3.5l-9 9",
  more: "M3 8h.01 M8 8h.01 M13 8h.01",
  down: "M3.5 6L8 10.5 12.5 6",
  right: "M6 3.5L10.5 8 6 12.5",
  left: "M10 3.5L5.5 8 10 12.5",
  out: "M6 3H2.5v10.5H13V10 M9 2h5v5 M14 2L7.5 8.5",
  copy: "M5.5 5.5h8v8h-8z M10.5 5.5v-3h-8v8h3",
  undo: "M3 6.5h7a3.5 3.5 0 0 1 0 7H6 M6 3.5L3 6.5l3 3",
  help: "M5.5 5.5a2.5 2.5 0 1 1 3.6 2.3C8.3 8.2 8 8.7 8 9.8 M8 12.4v.4",
  sun: "M8 5a3 3 0 1 0 .01 0z M8 1v1.5 M8 13.5V15 M1 8h1.5 M13.5 8H15 M3 3l1 1 M12 12l1 1 M13 3l-1 1 M4 12l-1 1",
  moon: "M13.5 9.8A6 6 0 0 1 6.2 2.5a6 6 0 1 0 7.3 7.3z",
  system: "M1.5 2.5h13v8.5h-13z M5.5 14h5 M8 11v3",
  menu: "M2 4h12 M2 8h12 M2 12h12",
  clock: "M8 2.2a5.8 5.8 0 1 0 .01 0z M8 5v3.2l2.2 1.4",
  list: "M2 3.5h12 M2 8h12 M2 12.5h12",
  lanes: "M1.5 4h13 M1.5 12h13 M4 4h.01 M9 12h.01 M12 4h.01",
  link: "M6.5 9.5l3-3 M7 4.5l1.5-1.5a3.2 3.2 0 0 1 4.5 4.5L11.5 9 M9 11.5L7.5 13A3.2 3.2 0 0 1 3 8.5L4.5 7",
  plus: "M8 2.5v11 M2.5 8h11",
  minus: "M2.5 8h11",
  download: "M8 2v8.5 M4 7l4 4 4-4 M2.5 14h11",
  upload: "M8 11V2.5 M4 6l4-4 4 4 M2.5 14h11",
};

/**
 * icon draws an icon that says nothing to a screen reader: the text beside it does.
 * @param {string} name
 * @param {{size?: number, class?: string}} [options] size in CSS pixels, 16 by default
 */
export function icon(name, options = {}) {
  const path = paths[name] ?? paths.more ?? "";
  const filled = path.startsWith("*");
  const size = options.size ?? 16;
  return s("svg", { viewBox: "0 0 16 16", width: size, height: size, class: `icon ${options.class ?? ""}`.trim(), "aria-hidden": "true", focusable: "false" },
    s("path", {
      d: filled ? path.slice(1) : path, fill: filled ? "currentColor" : "none", stroke: filled ? "none" : "currentColor",
      "stroke-width": "1.6", "stroke-linecap": "round", "stroke-linejoin": "round",
    }));
}
