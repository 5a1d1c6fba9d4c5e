// Elements of the page. Text is always text: nothing here reads HTML.

/** @typedef {Node|string|number|false|null|undefined} Leaf */
/** @typedef {Leaf|any[]} Child an array of children, which may be arrays in turn */
/** @typedef {Record<string, any>} Props */

const asProperty = new Set(["value", "checked", "disabled", "hidden", "selected", "open", "indeterminate", "readOnly", "required"]);

/**
 * h makes an element. In props, `class`, `style` (an object, set through CSSOM), `dataset` (an object), `onclick` and other
 * functions by the name of their event, and attributes by name. null, undefined and false leave an attribute out.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Props|null} [props]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, props, ...children) {
  const element = document.createElement(tag);
  if (props) set(element, props);
  add(element, children);
  return element;
}

/**
 * set sets the properties of an element as [h] does.
 * @param {Element} element
 * @param {Props} props
 */
export function set(element, props) {
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined) continue;
    if (name === "style") styles(/** @type {HTMLElement} */ (element), value);
    else if (name === "dataset") Object.assign(/** @type {HTMLElement} */ (element).dataset, value);
    else if (name.startsWith("on")) {
      if (typeof value === "function") element.addEventListener(name.slice(2), value);
    } else if (asProperty.has(name)) /** @type {any} */ (element)[name] = value ?? "";
    else attribute(element, name, value);
  }
}

/**
 * attribute sets or removes an attribute. It refuses addresses that a browser would run as a script.
 * @param {Element} element
 * @param {string} name
 * @param {any} value
 */
export function attribute(element, name, value) {
  if (value === null || value === undefined || value === false) return element.removeAttribute(name);
  const text = value === true ? "" : String(value);
  if ((name === "href" || name === "src") && !safeAddress(text)) return element.removeAttribute(name);
  if (element.getAttribute(name) !== text) element.setAttribute(name, text);
}

/**
 * safeAddress reports whether an address is relative, or absolute by http or https, or made by the page (blob).
 * @param {string} address
 */
export function safeAddress(address) {
  const scheme = /^[\u0000-\u0020]*([a-z][a-z0-9+.-]*):/i.exec(address.replace(/[\t\n\r]/g, ""));
  return !scheme || ["http", "https", "blob"].includes((scheme[1] ?? "").toLowerCase());
}

/**
 * styles sets styles through CSSOM, which a strict content security policy allows.
 * @param {HTMLElement|SVGElement} element
 * @param {Record<string, string|number|null>} values by the name of the property, in kebab case
 */
export function styles(element, values) {
  for (const [name, value] of Object.entries(values)) element.style.setProperty(name, value === null ? null : String(value));
}

/**
 * add appends children. Strings and numbers become text.
 * @param {Element|DocumentFragment} parent
 * @param {Child[]} children
 */
export function add(parent, children) {
  for (const child of children) {
    if (Array.isArray(child)) add(parent, child);
    else if (child !== null && child !== undefined && child !== false) {
      parent.append(child instanceof Node ? child : String(child));
    }
  }
}

/**
 * fill replaces everything in an element.
 * @param {Element} element
 * @param {...Child} children
 */
export function fill(element, ...children) {
  element.replaceChildren();
  add(element, children);
  return element;
}

/**
 * say changes the text of an element, if it differs.
 * @param {Element} element
 * @param {string} text
 */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * fragment puts children together without an element around them.
 * @param {...Child} children
 */
export function fragment(...children) {
  const all = document.createDocumentFragment();
  add(all, children);
  return all;
}
