// Keyboard shortcuts. A key is one character, a name such as "Enter", or two characters after each other: "g j".

/** @typedef {{scope: string, key: string, text: string, fn: (event: KeyboardEvent) => void}} Shortcut */

/** @type {Shortcut[]} */
const all = [];
let before = "";
let at = 0;
const together = 1200; // ms within which the second key of a pair must follow

export const keys = {
  /**
   * add adds a shortcut. scope is the heading under which the help lists it: "Everywhere", or the title of a view.
   * @param {string} scope
   * @param {string} key
   * @param {string} text what it does: "Pause"
   * @param {(event: KeyboardEvent) => void} fn
   * @returns {() => void} removes it
   */
  add(scope, key, text, fn) {
    const shortcut = { scope, key, text, fn };
    all.push(shortcut);
    return () => {
      const i = all.indexOf(shortcut);
      if (i >= 0) all.splice(i, 1);
    };
  },
  /** list returns all shortcuts, by scope in the order in which they were added. @returns {Map<string, Shortcut[]>} */
  list() {
    /** @type {Map<string, Shortcut[]>} */
    const scopes = new Map();
    for (const shortcut of all) scopes.set(shortcut.scope, [...(scopes.get(shortcut.scope) ?? []), shortcut]);
    return scopes;
  },
};

/**
 * pick returns the shortcut for a key after another one. A later one hides an earlier one with the same key.
 * @param {Shortcut[]} shortcuts
 * @param {string} key
 * @param {string} previous the key before, or ""
 */
export function pick(shortcuts, key, previous) {
  const find = (/** @type {string} */ wanted) => shortcuts.findLast((shortcut) => shortcut.key === wanted);
  return (previous && find(`${previous} ${key}`)) || find(key);
}

/** typing reports whether keys belong to a field. @param {EventTarget|null} target */
const typing = (target) =>
  target instanceof HTMLElement && (target.isContentEditable || target.matches("textarea, select, input:not([type=checkbox], [type=radio], [type=range], [type=button])"));

/** @param {KeyboardEvent} event */
function pressed(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.key === "Shift" || (typing(event.target) && event.key !== "Escape")) return;
  if (document.querySelector("dialog[open]")) return; // a dialog has its own keys
  if (["Enter", " "].includes(event.key) && event.target instanceof Element && event.target.closest("button, a, summary, input")) return;
  const previous = event.timeStamp - at < together ? before : "";
  const shortcut = pick(all, event.key, previous);
  before = event.key;
  at = event.timeStamp;
  if (!shortcut) return;
  before = "";
  event.preventDefault();
  shortcut.fn(event);
}

/** start begins to listen. */
export const start = () => document.addEventListener("keydown", pressed);
