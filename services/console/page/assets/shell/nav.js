// The links to the views. A view that this console does not have is left out.
import { fill, h } from "../lib/dom.js";
import { keys } from "../lib/keys.js";

/** @typedef {import("../types.js").About} About */

/** @type {{name: string, path: string, key: string, part?: keyof About["parts"]}[]} */
const views = [
  { name: "Journeys", path: "/journeys", key: "j" },
  { name: "Compare", path: "/compare", key: "c" },
  { name: "Counter", path: "/counter", key: "o", part: "counter" },
  { name: "Failures", path: "/failures", key: "f", part: "failures" },
  { name: "Queues", path: "/queues", key: "q", part: "queues" },
  { name: "Map", path: "/map", key: "m" },
  { name: "Scenarios", path: "/scenarios", key: "s", part: "scenarios" },
  { name: "Parts", path: "/parts", key: "p", part: "parts" },
];

/**
 * draw puts the links into the header and adds a shortcut for each.
 * @param {HTMLElement} nav
 * @param {About} about
 * @param {(path: string) => void} go
 */
export function draw(nav, about, go) {
  const shown = views.filter((view) => !view.part || about.parts[view.part]);
  fill(nav, h("ul", { role: "list" }, shown.map((view) => h("li", null, h("a", { href: view.path }, view.name)))));
  for (const view of shown) keys.add("Go to", `g ${view.key}`, view.name, () => go(view.path));
}

/**
 * mark says which link is the present view.
 * @param {HTMLElement} nav
 * @param {string} path
 */
export function mark(nav, path) {
  const first = `/${path.split("/")[1] || "journeys"}`;
  for (const link of nav.querySelectorAll("a")) {
    const here = link.pathname === first;
    if (here) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
    if (here && nav.scrollWidth > nav.clientWidth) nav.scrollLeft = link.offsetLeft - nav.clientWidth / 2 + link.offsetWidth / 2;
  }
}
