// The table of all queues. Rows are kept and changed in place.
import { attribute, h, say } from "../../lib/dom.js";
import { duration, number, rate } from "../../lib/format.js";
import { path } from "../../lib/router.js";
import { icon, s } from "../../lib/svg.js";
import { attention, consumersText, drain, numberOf, rates } from "./words.js";
import { line, peak, span } from "./history.js";

/** @typedef {import("../../types.js").Queue} Queue */

const size = { width: 96, height: 24 };
const columns = ["Queue", "State", "Ready", "Unacked", "Consumers", "In / out", "Last 3 min", "Oldest", "Drained", "Retry", "Dead"];

/** @param {ReturnType<typeof import("./history.js").newHistory>} history */
export function newTable(history) {
  /** @type {Map<string, ReturnType<typeof newRow>>} */
  const rows = new Map();
  const body = h("tbody");
  const element = h("div", { class: "table-wrap", tabindex: "0", role: "region", "aria-label": "Queues" },
    h("table", { class: "table queue-table" }, h("caption", { class: "unseen" }, "The queues of all subscriptions. What needs attention comes first."),
      h("thead", null, h("tr", null, columns.map((name, i) => h("th", { scope: "col", class: i > 1 && i !== 6 && i !== 8 ? "number" : "" }, name)))), body));
  return {
    element,
    /** @param {Queue[]} queues */
    update(queues) {
      const now = Date.now();
      for (const [name, row] of rows) {
        if (queues.some((queue) => queue.queue === name)) continue;
        row.element.remove();
        rows.delete(name);
      }
      queues.forEach((queue, i) => {
        const row = rows.get(queue.queue) ?? newRow(queue);
        rows.set(queue.queue, row);
        row.update(queue, history.of(queue.queue), now);
        if (body.children[i] !== row.element) body.insertBefore(row.element, body.children[i] ?? null);
      });
    },
  };
}

/** @param {Queue} queue */
function newRow(queue) {
  const state = h("td", { class: "queue-state" });
  const cell = (/** @type {string} */ label) => h("td", { class: "number", dataset: { label } });
  const [ready, unacked, consumers] = [cell("Ready"), cell("Unacked"), cell("Consumers")];
  const [pace, oldest, retry, dead] = [cell("In / out"), cell("Oldest"), cell("Retry"), cell("Dead")];
  const empty = h("td", { dataset: { label: "Drained" }, class: "nowrap" });
  const chart = sparkline();
  const element = h("tr", { dataset: { queue: queue.queue } },
    h("th", { scope: "row" }, h("a", { href: path("queues", queue.queue), class: "queue-name" }, h("span", { class: "quiet" }, `${queue.subscriber}.`), queue.queue.startsWith(`${queue.subscriber}.`) ? queue.queue.slice(queue.subscriber.length + 1) : queue.queue)),
    state, ready, unacked, consumers, pace, h("td", { class: "queue-chart" }, chart.element), oldest, empty, retry, dead);
  let shown = "";
  return {
    element,
    /** @param {Queue} now @param {import("./history.js").Sample[]} samples @param {number} at */
    update(now, samples, at) {
      const level = attention(now);
      attribute(element, "class", level.tone === "done" && !now.inPerSecond && !now.outPerSecond ? "is-idle" : null);
      if (shown !== level.word) {
        shown = level.word;
        state.replaceChildren(h("span", { class: `badge tone-${level.tone}`, title: level.text }, icon(level.icon, { size: 12 }), level.word));
      }
      say(ready, number(now.ready));
      say(unacked, numberOf(now.unacked));
      say(consumers, consumersText(now.consumers));
      say(pace, rates(now));
      say(oldest, now.oldestMs === null ? "–" : duration(now.oldestMs));
      say(empty, now.ready === 0 ? "–" : drain(now));
      say(retry, number(now.retry));
      say(dead, number(now.dead));
      for (const [cellOf, value, look] of /** @type {[HTMLElement, number, string][]} */ ([[ready, now.ready, ""], [unacked, now.unacked ?? 0, ""], [retry, now.retry, "is-backoff"], [dead, now.dead, "is-error"]])) {
        attribute(cellOf, "class", `number ${value === 0 ? "zero" : look}`.trim());
      }
      attribute(consumers, "class", now.consumers === 0 ? "number is-error" : "number");
      chart.update(samples, at);
    },
  };
}

/** sparkline draws the rates of the last minutes: out is a line, in is dotted. */
export function sparkline(chart = size) {
  const into = s("path", { class: "rate-in", fill: "none" });
  const out = s("path", { class: "rate-out", fill: "none" });
  const element = s("svg", { viewBox: `0 0 ${chart.width} ${chart.height}`, width: chart.width, height: chart.height, class: "spark", preserveAspectRatio: "none", role: "img", "aria-label": "Rates" },
    s("path", { class: "ground", d: `M0 ${chart.height - 0.5}H${chart.width}` }), into, out);
  return {
    element,
    /** @param {import("./history.js").Sample[]} samples @param {number} now */
    update(samples, now) {
      const top = peak(samples);
      into.setAttribute("d", line(samples, "in", { ...chart, now, top }));
      out.setAttribute("d", line(samples, "out", { ...chart, now, top }));
      const recent = samples.filter((sample) => now - sample.at <= span);
      element.setAttribute("aria-label", recent.length ? `In the last minutes at most ${rate(Math.max(...recent.map((x) => x.in)))} in and ${rate(Math.max(...recent.map((x) => x.out)))} out` : "No rates yet");
    },
  };
}
