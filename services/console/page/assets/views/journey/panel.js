// The panel of one span.
import { fill, h } from "../../lib/dom.js";
import { icon } from "../../lib/svg.js";
import { aborted, api } from "../../lib/api.js";
import { button, failed, loading } from "../../lib/blocks.js";
import { path } from "../../lib/router.js";
import { legible } from "./middle.js";
import { sections } from "./sections.js";

/** @typedef {import("../../types.js").SpanDetail} SpanDetail */
/** @typedef {import("./lines.js").Line} Line */

const pause = 3000; // ms before the panel of an open span is read again

/**
 * panel makes the panel.
 * @param {{close: () => void, go: (key: string) => void, toast: import("../../types.js").Context["toast"]}} on
 */
export function panel(on) {
  const title = h("h2", { class: "p-title", tabindex: "-1" });
  const sub = h("p", { class: "small quiet" });
  const body = h("div", { class: "p-body" });
  const element = h("aside", { class: "p-panel", "aria-label": "Span", hidden: true, onkeydown: (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    on.close();
  } },
  h("div", { class: "p-head" }, h("div", { class: "grow" }, title, sub), button("Close the span", on.close, { icon: "close", iconOnly: true, class: "plain" })), body);
  let shown = "";
  let drawn = "";
  let read = 0;
  /** @type {AbortController | null} */
  let request = null;

  /**
   * show opens a span. With the same key it brings the panel up to date, and leaves what did not change.
   * @param {string} journey the id
   * @param {string} key
   * @param {Line | null} line
   */
  async function show(journey, key, line) {
    element.hidden = false;
    const fresh = key !== shown;
    shown = key;
    if (line?.gap) return showGap(line.gap);
    title.textContent = legible(line?.row?.name ?? "Span");
    sub.textContent = line?.row ? legible(`${line.row.service} · ${line.row.kind}`) : "";
    if (fresh) {
      drawn = "";
      fill(body, loading(5, "1.75rem"));
      element.scrollTop = 0;
    }
    if (!fresh && drawn && Date.now() - read < pause) return;
    read = Date.now();
    request?.abort();
    request = new AbortController();
    const [traceId = "", spanId = ""] = key.split("-");
    try {
      /** @type {SpanDetail} */
      const detail = await api.get(path("api", "journeys", journey, "spans", traceId, spanId), { signal: request.signal });
      const now = JSON.stringify(detail);
      if (now === drawn) return;
      drawn = now;
      title.textContent = legible(detail.span.name);
      sub.textContent = legible(`${detail.span.service} · ${detail.span.kind}`);
      const open = new Map([...body.querySelectorAll("details")].map((one) => [one.dataset.section, one.open]));
      fill(body, sections(detail, line, on));
      for (const one of body.querySelectorAll("details")) if (open.has(one.dataset.section)) one.open = open.get(one.dataset.section) ?? false;
    } catch (thrown) {
      if (!aborted(thrown)) fill(body, failed(thrown, () => {
        shown = "";
        void show(journey, key, line);
      }));
    }
  }

  /** @param {import("../../types.js").Gap} gap */
  function showGap(gap) {
    title.textContent = gap.expected;
    sub.textContent = "This has not happened.";
    fill(body, h("div", { class: "note tone-wait" }, icon("clock"), h("p", null, gap.where)),
      gap.after && h("p", { class: "small" }, "It was expected after ", h("button", { class: "p-link", type: "button", onclick: () => gap.after && on.go(`${gap.after.traceId}-${gap.after.spanId}`) }, `${gap.after.service}: ${gap.after.name}`)));
  }

  return {
    element, show,
    focus: () => title.focus({ preventScroll: true }),
    hide() {
      request?.abort();
      shown = "";
      element.hidden = true;
    },
  };
}
