// Which view belongs to an address. The address says all that is shown.

/**
 * @typedef {object} Route
 * @property {string} path with {name} for a part that varies
 * @property {string} view the module views/VIEW.js
 */

/**
 * @typedef {object} Found
 * @property {string} view
 * @property {Record<string, string>} params
 */

/** routes are the addresses of the page. @type {Route[]} */
export const routes = [
  { path: "/", view: "journeys" },
  { path: "/journeys", view: "journeys" },
  { path: "/journeys/{id}", view: "journey" },
  { path: "/journeys/{id}/{view}", view: "journey" },
  { path: "/compare", view: "compare" },
  { path: "/counter", view: "counter" },
  { path: "/failures", view: "failures" },
  { path: "/queues", view: "queues" },
  { path: "/queues/{queue}", view: "queues" },
  { path: "/map", view: "map" },
  { path: "/scenarios", view: "scenarios" },
  { path: "/scenarios/{name}", view: "scenarios" },
  { path: "/parts", view: "parts" },
];

/**
 * match finds the view of a path. It returns null for an unknown one.
 * @param {string} path
 * @returns {Found|null}
 */
export function match(path) {
  const parts = split(path);
  for (const route of routes) {
    const params = against(split(route.path), parts);
    if (params) return { view: route.view, params };
  }
  return null;
}

/** @param {string} path */
const split = (path) => path.split("/").filter((part) => part !== "");

/**
 * @param {string[]} pattern
 * @param {string[]} parts
 * @returns {Record<string, string>|null}
 */
function against(pattern, parts) {
  if (pattern.length !== parts.length) return null;
  /** @type {Record<string, string>} */
  const params = {};
  for (const [i, wanted] of pattern.entries()) {
    const part = parts[i] ?? "";
    if (!wanted.startsWith("{")) {
      if (wanted !== part) return null;
    } else params[wanted.slice(1, -1)] = decoded(part);
  }
  return params;
}

/** @param {string} part */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/**
 * path makes an address of parts, which may have any character: path("journeys", id, "tree").
 * @param {...string} parts
 */
export const path = (...parts) => `/${parts.map(encodeURIComponent).join("/")}`;

/**
 * withQuery changes a query. null, "" and [] remove a name, and a list repeats it.
 * @param {URLSearchParams} query
 * @param {Record<string, string|number|boolean|string[]|null|undefined>} values
 * @returns {URLSearchParams}
 */
export function withQuery(query, values) {
  const next = new URLSearchParams(query);
  for (const [name, value] of Object.entries(values)) {
    next.delete(name);
    if (Array.isArray(value)) for (const one of value) next.append(name, one);
    else if (value !== null && value !== undefined && value !== "" && value !== false) next.set(name, String(value));
  }
  return next;
}

/**
 * address joins a path and a query.
 * @param {string} to
 * @param {URLSearchParams} query
 */
export const address = (to, query) => (query.size ? `${to}?${query}` : to);

/**
 * ours reports whether a click on a link stays in the page.
 * @param {MouseEvent} event
 * @param {HTMLAnchorElement} link
 */
export function ours(event, link) {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return false;
  if (link.target || link.hasAttribute("download") || link.origin !== location.origin) return false;
  return match(link.pathname) !== null && !(link.hash && link.pathname === location.pathname);
}
