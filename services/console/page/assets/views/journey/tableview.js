// The table of the spans of a journey. Only the rows in sight are drawn.
import { fill, h } from "../../lib/dom.js";
import { icon } from "../../lib/svg.js";
import { button } from "../../lib/blocks.js";
import { count, duration } from "../../lib/format.js";
import { columns, csv, sorted } from "./table.js";
import { windowOf } from "./virtual.js";

/** @typedef {import("../../types.js").WaterfallRow} WaterfallRow */

const height = 37;

/** @param {{open: (key: string) => void}} on */
export function table(on) {
  let key = "start";
  let down = false;
  /** @type {WaterfallRow[]} */
  let rows = [];
  /** @type {WaterfallRow[]} */
  let list = [];
  let selected = "";
  let name = "journey";
  const body = h("tbody");
  const note = h("p", { class: "small quiet" });
  const heads = h("tr");
  const element = h("section", { class: "stack j-table" },
    h("div", { class: "row apart" }, note, button("Download CSV", () => save(`${name}.csv`, csv(list)), { icon: "download" })),
    h("div", { class: "table-wrap", tabindex: "0", role: "region", "aria-label": "Table of spans" }, h("table", { class: "table" }, h("thead", null, heads), body)));

  const drawHeads = () => fill(heads, columns.map((column) => {
    const now = column.key === key;
    return h("th", { scope: "col", class: column.number ? "number" : "", "aria-sort": now ? (down ? "descending" : "ascending") : "none" },
      h("button", { class: "j-sort", type: "button", dataset: { column: column.key }, onclick: () => sort(column.key, Boolean(column.number)) }, column.title, now && icon(down ? "down" : "follow", { size: 12 })));
  }));

  /** @param {string} next @param {boolean} number */
  function sort(next, number) {
    down = next === key ? !down : number && next !== "start";
    key = next;
    list = sorted(rows, key, down);
    drawHeads();
    draw();
    /** @type {HTMLElement | null} */ (heads.querySelector(`[data-column="${key}"]`))?.focus();
  }

  function draw() {
    const top = -body.getBoundingClientRect().top;
    const { from, to } = windowOf({ top, height: window.innerHeight, row: height, count: list.length, more: 15 });
    const space = (/** @type {number} */ n) => n > 0 && h("tr", { "aria-hidden": "true" }, h("td", { colspan: columns.length, class: "j-space", style: { height: `${n * height}px` } }));
    const focused = document.activeElement instanceof HTMLElement && body.contains(document.activeElement) ? document.activeElement.dataset.key : "";
    fill(body, space(from), list.slice(from, to).map(rowOf), space(list.length - to));
    if (focused) /** @type {HTMLElement | null} */ (body.querySelector(`[data-key="${CSS.escape(focused)}"]`))?.focus({ preventScroll: true });
  }

  /** @param {WaterfallRow} row */
  function rowOf(row) {
    const id = `${row.traceId}-${row.spanId}`;
    const time = (/** @type {number | undefined} */ ms, /** @type {string} */ before = "") => h("td", { class: "number" }, ms === undefined ? "" : `${before}${duration(ms)}`);
    return h("tr", { "aria-selected": String(id === selected), class: row.failed ? "is-failed" : "" },
      h("th", { scope: "row" }, h("button", { class: "j-open", type: "button", title: row.name, dataset: { key: id }, onclick: () => on.open(id) }, row.name)),
      h("td", null, row.service), time(row.startMs, "+"), time(row.wait?.ms, row.wait?.told ? "" : "~"), time(row.backOff?.ms), time(row.durationMs),
      h("td", { class: "number" }, row.attempt || ""), h("td", { class: "j-error", title: row.error }, row.failed ? `✕ ${row.error || "error"}` : ""));
  }

  let waiting = 0;
  const onScroll = () => {
    if (!waiting && element.isConnected) waiting = requestAnimationFrame(() => {
      waiting = 0;
      draw();
    });
  };
  document.addEventListener("scroll", onScroll, { capture: true, passive: true });

  return {
    element,
    /** @param {import("../../types.js").Journey} journey @param {string} span */
    show(journey, span) {
      rows = journey.waterfall.rows;
      selected = span;
      name = `journey-${journey.row.id.slice(0, 12).replace(/[^\w-]/gu, "")}`;
      list = sorted(rows, key, down);
      fill(note, `${count(rows.length, "span")}. Times are from the start of the journey. ~ marks a wait that is worked out.`);
      if (!heads.childElementCount) drawHeads();
      draw();
    },
    close: () => document.removeEventListener("scroll", onScroll, { capture: true }),
  };
}

/** save gives a text to the reader as a file. @param {string} name @param {string} text */
function save(name, text) {
  const href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  h("a", { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 1000);
}
