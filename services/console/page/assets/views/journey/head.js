// The head of a journey: what it is, how it stands, and where to go from here.
import { attribute, fill, h, say } from "../../lib/dom.js";
import { icon } from "../../lib/svg.js";
import { badge } from "../../lib/blocks.js";
import { clock, count, duration, moment, percent, short } from "../../lib/format.js";
import { nameOf } from "../../lib/names.js";
import { path } from "../../lib/router.js";
import { stateOf } from "../../lib/state.js";
import { legible } from "./middle.js";
import { moving, notices, sentence, shares, whereText } from "./facts.js";

/** @typedef {import("../../types.js").Journey} Journey */
/** @typedef {import("../../types.js").Context} Context */

/**
 * head makes the head. It changes only the parts whose text changed, so that links keep the focus.
 * @param {{reveal: (spanId: string) => void}} on
 */
export function head(on) {
  const title = h("h1", { class: "j-title" }, "Journey");
  const root = h("span", { class: "small quiet" });
  const id = h("span", { class: "mono small quiet" });
  const state = h("span", { class: "j-state" });
  const where = h("span", { class: "small j-where" });
  const act = h("a", { class: "small", hidden: true }, "Look into the dead letter, redrive it");
  const facts = h("dl", { class: "j-facts" });
  const bar = h("div", { class: "j-sums" });
  const failures = h("div", { class: "stack j-failures" });
  const remarks = h("div", { class: "stack j-notices" });
  const actions = h("div", { class: "row j-actions" });
  const element = h("header", { class: "j-head" },
    h("div", { class: "j-line" }, h("div", { class: "j-name" }, title, root, id), actions),
    h("div", { class: "row j-now" }, state, where, act), h("div", { class: "j-sum" }, facts, bar), failures, remarks);
  /** @type {Map<Element, string>} */
  const drawn = new Map();
  let row = /** @type {import("../../types.js").Row | null} */ (null);

  /** @param {Element} part @param {unknown} of @param {() => import("../../lib/dom.js").Child} make */
  const part = (part, of, make) => {
    const now = JSON.stringify(of);
    if (drawn.get(part) === now) return;
    drawn.set(part, now);
    fill(part, make());
  };

  const tick = () => {
    if (row) say(where, whereText(row, Date.now()));
  };

  return {
    element, tick,
    /** @param {Journey} journey @param {Context} ctx */
    show(journey, ctx) {
      row = journey.row;
      const one = row;
      const name = one.number || one.root ? nameOf(one) : "Journey";
      say(title, name);
      title.title = one.root;
      say(root, name === legible(one.root) ? "" : legible(one.root));
      part(id, one.id, () => short(one.id, 40));
      id.title = one.id;
      const meaning = stateOf(one.state);
      part(state, one.state, () => h("span", { class: `state tone-${meaning.tone}`, title: meaning.text }, icon(meaning.icon), meaning.word));
      tick();
      act.hidden = one.where?.kind !== "dead" || one.source === "file" || !ctx.about.parts.queues;
      if (one.where) attribute(act, "href", `${path("queues", one.where.name)}?journey=${encodeURIComponent(one.id)}`);
      part(facts, [one.customer, one.start, one.durationMs, one.spans, one.services, one.attempts, one.errors, one.dead, one.redriven, one.source], () => factsOf(journey));
      part(bar, [one.waitMs, one.backOffMs, one.workMs], () => sumsOf(journey));
      part(failures, journey.failures, () => journey.failures.map((failure) => failureOf(failure, on.reveal)));
      const notes = notices(journey, ctx.about.parts.jaeger);
      part(remarks, notes, () => notes.map((note) => h("div", { class: `note tone-${note.tone}` }, icon(note.icon), h("p", null, h("span", { class: "strong" }, `${note.title}. `), note.text))));
      part(actions, [one.id, journey.traces, journey.source], () => actionsOf(journey));
    },
  };
}

/** @param {Journey} journey */
function factsOf({ row, traces }) {
  /** @type {[string, import("../../lib/dom.js").Child][]} */
  const all = [
    ["Took", h("span", { class: "strong" }, duration(row.durationMs), moving(row) ? " so far" : "")],
    ["Started", h("time", { datetime: row.start, title: moment(row.start) }, clock(row.start))],
    ["Customer", row.customer ? h("a", { href: `/journeys?customer=${encodeURIComponent(row.customer)}` }, legible(row.customer)) : "–"],
    ["Spans", `${count(row.spans, "span")} in ${count(traces.length || row.traces.length, "trace")}`],
    ["Services", legible(row.services.join(", ")) || "–"],
  ];
  if (row.attempts > 1) all.push(["Attempts", `up to ${row.attempts}`]);
  if (row.errors) all.push(["Errors", badge(count(row.errors, "failed span"), { tone: "error", icon: "close" })]);
  if (row.dead) all.push(["Dead letters", badge(String(row.dead), { tone: "error", icon: "dead" })]);
  if (row.redriven) all.push(["Redriven", badge(String(row.redriven), { tone: "done", icon: "undo" })]);
  if (row.source === "file") all.push(["Source", badge("from a file", { icon: "upload" })]);
  return all.map(([name, value]) => h("div", null, h("dt", null, name), h("dd", { title: typeof value === "string" ? value : null }, value)));
}

/** @param {Journey} journey */
function sumsOf({ row }) {
  const all = shares(row);
  return [
    h("div", { class: "j-bar", role: "img", "aria-label": `Sums of all spans: ${sentence(row)}` },
      all.filter((one) => one.share > 0).map((one) => h("span", { class: `bar-${one.kind}`, style: { "flex-grow": Math.max(one.share, 0.006) } }))),
    h("ul", { class: "j-legend", role: "list" }, all.map((one) =>
      h("li", null, h("i", { class: `swatch bar-${one.kind}` }), `${one.word} `, h("span", { class: "strong" }, duration(one.ms)), h("span", { class: "quiet" }, ` ${percent(one.share)}`))), all.reduce((sum, one) => sum + one.ms, 0) > row.durationMs * 1.2 && h("li", { class: "quiet", title: "Spans that run side by side count each, so that the sums are more than the journey took." }, "added up")),
  ];
}

/** @param {import("../../types.js").JourneyFailure} failure @param {(spanId: string) => void} reveal */
function failureOf(failure, reveal) {
  return h("details", { class: "note tone-injected j-failure" },
    h("summary", null, icon("right", { size: 12, class: "j-turn" }), icon("flag"), h("span", { class: "strong" }, legible(failure.key)), h("span", null, ` ${legible(failure.title)}`)),
    h("dl", { class: "pairs" }, h("dt", null, "What breaks"), h("dd", null, failure.breaks), h("dt", null, "What Jaeger shows"), h("dd", null, failure.jaeger),
      h("dt", null, "What repairs it"), h("dd", null, failure.repair)),
    h("div", { class: "row" }, failure.spans.slice(0, 12).map((span, i) => h("button", { class: "button", type: "button", onclick: () => reveal(span) }, `Span ${i + 1} of ${failure.spans.length}`))));
}

/** @param {Journey} journey */
function actionsOf({ row, traces, source }) {
  const at = path("api", "journeys", row.id, "export");
  const menu = (/** @type {string} */ text, /** @type {string} */ image, /** @type {Node[]} */ items) =>
    h("details", { class: "j-menu" }, h("summary", { class: "button" }, icon(image), text, icon("down", { size: 12 })), h("div", { class: "menu" }, items));
  const linked = traces.filter((trace) => trace.jaeger && (row.source !== "file" || source === "jaeger")); // Jaeger has not seen a file
  const jaeger = linked.length === 1 ? h("a", { class: "button", href: linked[0]?.jaeger, target: "_blank", rel: "noopener" }, icon("out"), h("span", null, h("span", { class: "wide" }, "Open in "), "Jaeger"))
    : linked.length > 1 && menu(`Jaeger: ${count(linked.length, "trace")}`, "out", linked.map((trace) =>
      h("a", { href: trace.jaeger, target: "_blank", rel: "noopener" }, h("span", { class: "mono" }, short(trace.traceId, 14)), h("span", { class: "quiet" }, ` ${count(trace.spans, "span")}`))));
  return [
    jaeger,
    h("a", { class: "button", href: `/compare?a=${encodeURIComponent(row.id)}` }, icon("lanes"), h("span", null, "Compare", h("span", { class: "wide" }, " with…"))),
    menu("Export", "download", [h("a", { href: `${at}?format=html`, download: "" }, "HTML page"), h("a", { href: `${at}?format=otlp`, download: "" }, "OTLP JSON")]),
  ];
}
