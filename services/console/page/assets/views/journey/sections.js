// The sections of the panel of a span.
import { h } from "../../lib/dom.js";
import { icon } from "../../lib/svg.js";
import { clock, duration, moment } from "../../lib/format.js";
import { copyButton } from "./copy.js";
import { jsonBlock, pretty } from "./json.js";
import { marks, times } from "./rowtext.js";

/** @typedef {import("../../types.js").SpanDetail} SpanDetail */
/** @typedef {import("../../types.js").Attributes} Attributes */
/** @typedef {{go: (key: string) => void, toast: import("../../types.js").Context["toast"]}} On */

/**
 * sections returns what the panel says of a span.
 * @param {SpanDetail} detail
 * @param {import("./lines.js").Line | null} line
 * @param {On} on
 */
export function sections(detail, line, on) {
  const { span } = detail;
  const row = line?.row;
  return [
    h("div", { class: "p-facts" },
      h("p", { class: "strong" }, row ? times(row) : duration(span.durationMs)),
      h("p", { class: "small quiet" }, h("time", { datetime: span.start, title: moment(span.start) }, clock(span.start, { ms: true })), ` to ${clock(Date.parse(span.start) + span.durationMs, { ms: true })}`),
      row && marks(row).length > 0 && h("ul", { class: "p-marks", role: "list" }, marks(row).map((mark) => h("li", { class: `wf-mark is-${mark.kind}` }, mark.text))),
      span.statusMessage && span.statusMessage !== row?.error && h("p", { class: "note tone-error" }, icon("close"), h("span", null, span.statusMessage)),
      h("div", { class: "row" }, detail.jaeger && h("a", { class: "button", href: detail.jaeger, target: "_blank", rel: "noopener" }, icon("out"), "This span in Jaeger"),
        copyButton("Copy ids", () => `trace ${span.traceId}\nspan ${span.spanId}`, on.toast))),
    links("Links", detail.links, on, "The span links to"),
    links("Linked from", detail.linkedFrom, on, "Linked from"),
    message(detail, on),
    section("attributes", "Attributes", Object.keys(span.attributes ?? {}).length, attributes(span.attributes ?? {}), true),
    section("derived", "Worked out by the console", Object.keys(detail.derived ?? {}).length, [h("p", { class: "tiny quiet" }, "The span does not say these. They follow from older names and from other spans."), attributes(detail.derived ?? {})], true),
    section("events", "Events", detail.events?.length ?? 0, h("ol", { class: "p-list", role: "list" }, (detail.events ?? []).map((event) =>
      h("li", null, h("p", null, h("time", { class: "tiny quiet" }, clock(event.at, { ms: true })), " ", h("span", { class: "strong" }, event.name)), attributes(event.attributes ?? {})))), true),
    section("logs", "Logs", detail.logs?.length ?? 0, h("ol", { class: "p-list", role: "list" }, (detail.logs ?? []).map(log)), true),
    section("resource", "Resource and scope", Object.keys(detail.resource ?? {}).length, [attributes(detail.resource ?? {}), detail.scope?.name && h("p", { class: "small quiet" }, `Scope ${detail.scope.name} ${detail.scope.version ?? ""}`)], false),
  ];
}

/** @param {string} name @param {string} title @param {number} n @param {import("../../lib/dom.js").Child} content @param {boolean} open */
function section(name, title, n, content, open) {
  if (!n) return null;
  return h("details", { class: "p-section", open, dataset: { section: name } }, h("summary", null, h("h3", null, title), n > 1 && h("span", { class: "tiny quiet" }, String(n))), content);
}

/** attributes is a list of names and values. @param {Attributes} all */
const attributes = (all) => h("dl", { class: "p-attributes" }, Object.keys(all).sort().map((name) => h("div", null, h("dt", null, breakable(name)), h("dd", null, text(all[name])))));

/** breakable lets a long name break after its dots. @param {string} name */
const breakable = (name) => name.split(/(?<=[._])/u).flatMap((piece) => [piece, h("wbr")]);

/** @param {unknown} value */
const text = (value) => (typeof value === "string" ? value : Array.isArray(value) && value.every((one) => typeof one !== "object") ? value.join(", ") : JSON.stringify(value));

/** @param {string} title @param {import("../../types.js").NamedLink[]} all @param {On} on @param {string} how */
function links(title, all, on, how) {
  return section(title, title, all?.length ?? 0, h("ul", { class: "p-list", role: "list" }, (all ?? []).map((link) =>
    h("li", null, h("button", { class: "p-link", type: "button", "aria-label": `${how} ${link.service} ${link.name}`, onclick: () => on.go(`${link.traceId}-${link.spanId}`) },
      icon("link"), h("span", null, link.name ? `${link.service}: ${link.name}` : `span ${link.spanId}, which is not in this journey`)), attributes(link.attributes ?? {})))), true);
}

/** @param {SpanDetail["logs"][number]} one */
const log = (one) => h("li", { class: `p-log is-${(one.severity || "info").toLowerCase().slice(0, 5)}` },
  h("p", null, h("time", { class: "tiny quiet" }, clock(one.at, { ms: true })), " ", h("span", { class: "tiny strong" }, one.severity), " ", typeof one.body === "string" ? one.body : pretty(one.body)),
  one.attributes && Object.keys(one.attributes).length > 0 && attributes(one.attributes));

/** @param {SpanDetail} detail @param {On} on */
function message({ message: event, messageNote }, on) {
  if (!event) return messageNote ? section("message", "Message", 1, h("p", { class: "small quiet" }, messageNote), false) : null;
  const block = (/** @type {string} */ name, /** @type {unknown} */ value) => value !== undefined && value !== null && value !== "" && h("div", null,
    h("div", { class: "row apart" }, h("h4", null, name), copyButton(`Copy ${name.toLowerCase()}`, () => pretty(value), on.toast, { iconOnly: true })), jsonBlock(value, name));
  return section("message", "Message", 1, [h("p", { class: "tiny quiet" }, `From the ${event.source}`), block("Data", event.data), block("Metadata", event.metadata), block("Body", event.body)], true);
}

