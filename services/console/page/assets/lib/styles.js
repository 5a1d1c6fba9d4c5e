// Styles that are loaded with the view that needs them.
import { h } from "./dom.js";

/**
 * styles loads a file of styles and waits until it counts. Styles that are missing do not stop a view.
 * @param {string} name of the file in css/, without its ending
 * @param {string} view is the only one that wears it
 * @returns {Promise<void>}
 */
export function styles(name, view) {
  const href = `/assets/css/${name}.css`;
  if (document.querySelector(`link[href="${href}"]`)) return Promise.resolve();
  return new Promise((resolve) => {
    document.head.append(h("link", { rel: "stylesheet", href, dataset: { of: view }, onload: () => resolve(), onerror: () => resolve() }));
  });
}
