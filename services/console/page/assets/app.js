// Starts the page: the header, the banner, and the view that the address names.
import { fill, h } from "./lib/dom.js";
import { api } from "./lib/api.js";
import { failed, loading } from "./lib/blocks.js";
import * as keyboard from "./lib/keys.js";
import { address, match, ours, withQuery } from "./lib/router.js";
import { rest } from "./lib/stream.js";
import { styles } from "./lib/styles.js";
import * as banner from "./shell/banner.js";
import * as files from "./shell/files.js";
import * as help from "./shell/help.js";
import * as nav from "./shell/nav.js";
import * as tools from "./shell/tools.js";
import { announcer, toasts } from "./shell/toast.js";

/** @typedef {import("./types.js").Context} Context */
/** @typedef {import("./types.js").View} View */

const part = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const main = part("main");
const announce = announcer(part("live"));
const toast = toasts(part("toasts"), announce);
const header = tools.draw(part("tools"), help.show, announce);
rest(document, window);

/** @type {import("./types.js").About} */
let about;
/** @type {{name: string, params: string, view: View}|null} */
let shown = null;
let turn = 0; // counts navigations, so that a slow one does not replace a later one

/** The views with a file of styles of another name. @type {Record<string, string>} */
const styleNames = { parts: "health" };

/** wear switches the styles of a view on and those of the others off: two views may use one class. @param {string} name */
function wear(name) {
  for (const link of /** @type {NodeListOf<HTMLLinkElement>} */ (document.querySelectorAll("link[data-of]"))) link.disabled = link.dataset.of !== name;
}

/** @param {string} to */
function go(to) {
  if (to !== location.pathname + location.search) history.pushState(null, "", to);
  void show(true);
}

/** @type {Context["setQuery"]} */
function setQuery(values, options) {
  const to = address(location.pathname, withQuery(new URLSearchParams(location.search), values));
  if (to === location.pathname + location.search) return;
  history[options?.replace ? "replaceState" : "pushState"](null, "", to);
  void show(false);
}

/** @param {string} title */
const setTitle = (title) => {
  document.title = title ? `${title} – Traceria` : "Traceria";
};

/** @param {Record<string, string>} params @param {number} now @returns {Context} */
const context = (params, now) => ({
  params, query: new URLSearchParams(location.search), about, go, setQuery, announce, toast, setTitle,
  ready: () => {
    if (now === turn) main.setAttribute("aria-busy", "false");
  },
  setPaused: header.setPaused,
});

/** show opens the view of the address, or updates the one that is open. @param {boolean} moved the reader went somewhere */
async function show(moved) {
  const found = match(location.pathname);
  nav.mark(part("views"), location.pathname);
  const params = JSON.stringify(found?.params ?? {});
  if (shown && found && shown.name === found.view && shown.view.update) {
    shown.params = params;
    return shown.view.update(context(found.params, turn));
  }
  const now = ++turn;
  main.setAttribute("aria-busy", "true");
  if (!found) return replace({ title: "Not found", element: notFound() }, "", params, moved);
  try {
    const slow = setTimeout(() => now === turn && !shown && fill(main, loading()), 150);
    const [module] = await Promise.all([import(`./views/${found.view}.js`), styles(styleNames[found.view] ?? found.view, found.view)]);
    clearTimeout(slow);
    if (now !== turn) return;
    shown?.view.close?.();
    header.setPaused(false);
    shown = null;
    replace(module.open(context(found.params, now)), found.view, params, moved);
  } catch (thrown) {
    console.error(thrown);
    if (now === turn) replace({ title: "Failed", element: broken(thrown) }, "", params, moved);
  }
}

/** @param {View} view @param {string} name @param {string} params @param {boolean} moved */
function replace(view, name, params, moved) {
  shown?.view.close?.();
  shown = name ? { name, params, view } : null;
  fill(main, view.element);
  wear(name);
  main.dataset.view = name;
  setTitle(view.title);
  if (!view.loading) main.setAttribute("aria-busy", "false");
  if (!moved) return;
  window.scrollTo(0, 0);
  main.focus({ preventScroll: true });
  announce(view.title);
}

/** @param {unknown} thrown */
const broken = (thrown) => h("div", null, h("h1", { class: "unseen" }, "The view failed"), failed(thrown, () => location.reload()));

const notFound = () =>
  h("div", { class: "blank" }, h("h1", null, "There is no such page"), h("p", null, `Nothing is at ${location.pathname}.`), h("a", { class: "button", href: "/journeys" }, "Go to the journeys"));

document.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  if (!link || !ours(event, link)) return;
  event.preventDefault();
  go(link.pathname + link.search + link.hash);
});
addEventListener("popstate", () => void show(false));
files.start(part("tools"), { go, toast, announce });
keyboard.keys.add("Everywhere", "?", "Show the shortcuts", help.show);
keyboard.start();

async function start() {
  try {
    about = await api.get("/api/about");
  } catch (thrown) {
    fill(main, broken(thrown));
    main.setAttribute("aria-busy", "false");
    setTimeout(start, 3000);
    return;
  }
  nav.draw(part("views"), about, go);
  if (about.parts.failures) banner.start(part("banner"), { announce, toast });
  await show(false);
}
void start();
