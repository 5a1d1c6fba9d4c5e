// The list of journeys: a table that draws only the rows in view, once a frame.
import { h } from "../lib/dom.js";
import { assign, inView, topFor } from "./window.js";
import { RowView } from "./row.js";

/** @typedef {import("../types.js").Row} Row */
/** @typedef {{row: Row, gone: boolean}} Item */

const heads = ["State", "Journey", "Where it is now", "Services", "Wait, back-off, work", "Notes", "Age"];

/**
 * list makes the list. items is read at each drawing.
 * @param {{count: () => number, item: (index: number) => Item, now: () => number, onHold: (held: boolean) => void}} source
 */
export function list(source) {
  const sizer = h("div", { class: "j-sizer", role: "presentation" });
  const body = h("div", { class: "j-body", role: "rowgroup" }, sizer);
  const head = h("div", { class: "j-head", role: "rowgroup" }, h("div", { role: "row", class: "j-row", "aria-rowindex": "1" },
    heads.map((text, i) => h("div", { role: "columnheader", class: `tiny quiet ${i === 6 ? "end" : ""}` }, text))));
  const element = h("div", { class: "j-list", role: "table", "aria-label": "Journeys" }, head, body);
  /** @type {RowView[]} */
  let views = [];
  let current = 0;
  let top = 0;
  let height = 0;
  let rowHeight = 0;
  let pointer = false;
  let focus = false;

  const measure = () => {
    height = body.clientHeight;
    rowHeight = parseFloat(getComputedStyle(element).getPropertyValue("--row")) || 56;
  };
  const resized = new ResizeObserver(() => {
    measure();
    draw();
  });
  resized.observe(body);
  body.addEventListener("scroll", () => {
    top = body.scrollTop;
    request();
  }, { passive: true });

  const hold = () => source.onHold(pointer || focus);
  body.addEventListener("pointerenter", (event) => { pointer = event.pointerType === "mouse"; hold(); });
  body.addEventListener("pointerleave", () => { pointer = false; hold(); });
  element.addEventListener("focusin", (event) => {
    focus = true;
    const row = views.find((view) => view.element.contains(/** @type {Node} */ (event.target)));
    if (row && row.index !== current) {
      current = row.index;
      request();
    }
    hold();
  });
  element.addEventListener("focusout", (event) => { focus = element.contains(/** @type {Node|null} */ (event.relatedTarget)); hold(); });
  body.addEventListener("click", (event) => {
    if (!(event.target instanceof Element) || event.target.closest("a") || String(getSelection()) !== "") return;
    /** @type {HTMLElement|null|undefined} */ (event.target.closest(".j-row")?.querySelector("a"))?.click();
  });

  let asked = 0;
  const request = () => {
    asked ||= requestAnimationFrame(() => {
      asked = 0;
      draw();
    });
  };

  /** draw writes what has changed. It reads no layout. */
  function draw() {
    const count = source.count();
    current = Math.min(current, Math.max(0, count - 1));
    const tall = `${count * rowHeight}px`;
    if (sizer.style.height !== tall) sizer.style.height = tall;
    element.setAttribute("aria-rowcount", String(count + 1));
    const range = inView({ top: Math.min(top, Math.max(0, count * rowHeight - height)), height, rowHeight, count });
    const wanted = Math.ceil(height / rowHeight) + 13;
    while (views.length < wanted) {
      const view = new RowView();
      view.element.hidden = true;
      views.push(view);
      body.append(view.element);
    }
    const used = new Set();
    const now = source.now();
    for (let i = range.first; i < range.last; i++) {
      const slot = assign(i, views.length);
      const view = /** @type {RowView} */ (views[slot]);
      const item = source.item(i);
      used.add(slot);
      view.fill(item.row, i, now, item.gone, i === current);
      view.element.hidden = false;
    }
    for (const [slot, view] of views.entries()) if (!used.has(slot)) view.element.hidden = true;
  }

  return {
    element, draw, request,
    /** tick writes the ages of the rows in view. */
    tick() {
      const now = source.now();
      for (const view of views) if (!view.element.hidden) view.tick(now);
    },
    toTop() {
      if (body.scrollTop !== 0) body.scrollTop = 0;
    },
    /** move puts the keyboard at another row. @param {number} by */
    move(by) {
      if (!source.count()) return;
      const there = views.some((view) => view.element.contains(document.activeElement));
      current = there ? Math.max(0, Math.min(source.count() - 1, current + by)) : Math.min(current, source.count() - 1);
      const next = topFor({ index: current, top: body.scrollTop, height, rowHeight });
      if (next !== body.scrollTop) body.scrollTop = next;
      top = next;
      draw();
      views[assign(current, views.length)]?.link.focus({ preventScroll: true });
    },
    open() {
      views[assign(current, views.length)]?.link.click();
    },
    close() {
      resized.disconnect();
      cancelAnimationFrame(asked);
      views = [];
    },
  };
}
