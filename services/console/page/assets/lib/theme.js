// The theme: the system's, light or dark. theme-first.js sets it before the first paint.

/** @typedef {"system"|"light"|"dark"} Theme */

const key = "traceria.theme";
/** @type {Theme[]} */
export const themes = ["system", "light", "dark"];

/** current is the chosen theme. @returns {Theme} */
export function current() {
  const chosen = document.documentElement.dataset.theme;
  return chosen === "light" || chosen === "dark" ? chosen : "system";
}

/**
 * choose sets the theme and keeps it for the next visit.
 * @param {Theme} theme
 */
export function choose(theme) {
  document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem(key, theme);
  } catch {
    // Without storage the choice lasts until the page is closed.
  }
  for (const fn of watchers) fn(theme);
}

/** @type {Set<(theme: Theme) => void>} */
const watchers = new Set();

/**
 * watch calls fn after each change of the colours, also of the system's. It is for what is drawn on a canvas.
 * @param {(theme: Theme) => void} fn
 * @returns {() => void} stops it
 */
export function watch(fn) {
  const media = matchMedia("(prefers-color-scheme: dark)");
  const changed = () => fn(current());
  watchers.add(fn);
  media.addEventListener("change", changed);
  return () => {
    watchers.delete(fn);
    media.removeEventListener("change", changed);
  };
}
