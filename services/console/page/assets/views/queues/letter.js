// A dead letter: why it died, and what it carries.
import { h } from "../../lib/dom.js";
import { button, badge } from "../../lib/blocks.js";
import { ago, count, moment, short } from "../../lib/format.js";
import { path } from "../../lib/router.js";
import { icon } from "../../lib/svg.js";
import { facts, note } from "../pieces.js";
import { failingSpan } from "./words.js";

/** @typedef {import("../../types.js").Letter} Letter */

/**
 * letterOf shows a letter, folded.
 * @param {Letter} letter
 * @param {boolean} open
 * @param {(pressed: HTMLButtonElement) => void} redrive
 */
export function letterOf(letter, open, redrive) {
  const again = button("Redrive", () => redrive(again), { icon: "undo", title: "Send it back to its queue, with new attempts" });
  again.setAttribute("aria-label", `Redrive ${letter.event || letter.messageId}`);
  return h("details", { class: "letter panel flush", open, dataset: { letter: letter.messageId } },
    h("summary", null, icon("right", { class: "turn" }),
      h("span", { class: "grow" },
        h("span", { class: "row" }, h("span", { class: "strong" }, `${letter.event || "A message"} ${letter.version}`), h("span", { class: "mono small" }, storyOf(letter)), badge(letter.reason || "unknown reason", { tone: "error", icon: "dead" }),
          h("span", { class: "quiet small" }, letter.attempts ? count(letter.attempts, "attempt") : "", letter.diedAt ? ` · ${ago(Date.now() - Date.parse(letter.diedAt))}` : "")),
        letter.error ? h("span", { class: "letter-error small" }, letter.error) : null)),
    h("div", { class: "letter-body stack" },
      h("div", { class: "row" }, again, ...links(letter)),
      facts([
        ["Reason", letter.reason], ["Error", letter.error], ["Attempts", letter.attempts ? String(letter.attempts) : ""], ["Service", letter.service],
        ["Came by", [letter.exchange, letter.routingKey].filter(Boolean).join(" : ")], ["First sent", letter.firstSentAt ? moment(letter.firstSentAt) : ""],
        ["Died", letter.diedAt ? moment(letter.diedAt) : ""], ["Message id", h("code", null, letter.messageId || "none")],
        ["Headers cut", letter.headersCut ? `${letter.headersCut} (did not fit into a frame)` : ""],
      ]),
      carried(letter),
      envelope(letter)));
}

/** storyOf names the journey: the order number in the data, or the beginning of the conversation. @param {Letter} letter */
export function storyOf(letter) {
  const data = inside(letter.body, "data");
  const number = inside(data, "orderNumber");
  return typeof number === "string" && number ? short(number, 20) : short(letter.conversationId || "", 14);
}

/** carried warns of a failure that comes again with the message. @param {Letter} letter */
function carried(letter) {
  const baggage = inside(inside(letter.body, "metadata"), "baggage");
  const key = typeof baggage === "string" ? /traceria\.failure=([\w.-]+)/u.exec(baggage)?.[1] : "";
  return key ? note("wait", "flag", "The message carries its failure", h("p", null, h("code", null, key), " was chosen for this order only and is in its baggage. A redrive fails again.")) : null;
}

/** inside reads a member of a value that may be anything. @param {unknown} value @param {string} name @returns {unknown} */
const inside = (value, name) => (value && typeof value === "object" ? /** @type {Record<string, unknown>} */ (value)[name] : undefined);

/** @param {Letter} letter */
function links(letter) {
  const journey = letter.conversationId || letter.traceId;
  const span = failingSpan(letter.failedSpan);
  return [
    journey ? h("a", { class: "button", href: path("journeys", journey) }, "Journey") : null,
    span ? h("a", { class: "button", href: spanPath(journey || span.traceId, span) }, icon("failed"), "Failing span") : null,
  ];
}

/**
 * spanPath is the address of a span within its journey.
 * @param {string} journey
 * @param {{traceId: string, spanId: string}} span
 */
export const spanPath = (journey, span) => `${path("journeys", journey)}?span=${encodeURIComponent(`${span.traceId}-${span.spanId}`)}`;

/** @param {Letter} letter */
function envelope(letter) {
  const { body, bodyEncoding } = letter;
  if (bodyEncoding === "base64") return part("Body (not text, base64)", String(body));
  if (bodyEncoding === "text") return part("Body (not JSON)", String(body));
  if (body && typeof body === "object" && !Array.isArray(body) && ("metadata" in body || "data" in body)) {
    const { metadata, data, ...others } = /** @type {Record<string, unknown>} */ (body);
    return h("div", { class: "grid", style: { "--least": "20rem" } }, part("Metadata", pretty(metadata)), part("Data", pretty(data)), Object.keys(others).length ? part("Other members", pretty(others)) : null);
  }
  return part("Body", pretty(body));
}

/** @param {string} title @param {string} text */
const part = (title, text) => h("section", { "aria-label": title }, h("h3", { class: "label" }, title), h("pre", { class: "code", tabindex: "0" }, text));

const longest = 60_000;

/** pretty writes a value as indented JSON. @param {unknown} value */
export function pretty(value) {
  const text = JSON.stringify(value, null, 2) ?? "none";
  return text.length > longest ? `${text.slice(0, longest)}\n… ${count(text.length - longest, "more character")}` : text;
}
