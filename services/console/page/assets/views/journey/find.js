// Search inside a journey: names, services, errors, and the attributes of the spans.
// @ts-check
import { keyOf } from "./lines.js";

/** @typedef {import("./lines.js").Line} Line */

/**
 * find returns the indexes of the lines that have each word of a text.
 * @param {Line[]} lines
 * @param {string} text
 * @param {Map<string, string>} attributes the attributes of each span as text in lower case, by its key
 */
export function find(lines, text, attributes) {
  const words = text.toLowerCase().split(/\s+/u).filter(Boolean);
  if (!words.length) return [];
  /** @type {number[]} */
  const out = [];
  lines.forEach((line, i) => {
    const all = `${own(line)} ${attributes.get(line.row ? keyOf(line.row) : "") ?? ""}`;
    if (words.every((word) => all.includes(word))) out.push(i);
  });
  return out;
}

/** @param {Line} line */
function own({ row, gap }) {
  if (gap) return `missing ${gap.expected} ${gap.place} ${gap.where}`.toLowerCase();
  if (!row) return "";
  const said = [row.name, row.service, row.kind, row.error, row.settled, row.warning, row.traceId, row.spanId, row.wait?.queue];
  return [...said, ...(row.injected ?? []), ...Object.values(row.messaging ?? {})].join(" ").toLowerCase();
}

/**
 * step returns the match after or before the line at, round the end.
 * @param {number[]} matches ascending
 * @param {number} at
 * @param {1 | -1} direction
 */
export function step(matches, at, direction) {
  if (!matches.length) return -1;
  const next = direction > 0 ? matches.find((i) => i > at) : matches.findLast((i) => i < at);
  return next ?? /** @type {number} */ (direction > 0 ? matches[0] : matches[matches.length - 1]);
}

/**
 * attributesOf reads an OTLP JSON document and returns the attributes of each span as text, by the key of the span.
 * @param {any} document
 * @returns {Map<string, string>}
 */
export function attributesOf(document) {
  /** @type {Map<string, string>} */
  const out = new Map();
  for (const resource of list(document?.resourceSpans)) {
    for (const scope of list(resource?.scopeSpans)) {
      for (const span of list(scope?.spans)) {
        const texts = list(span?.attributes).map((/** @type {any} */ a) => `${a?.key}=${value(a?.value)}`);
        for (const event of list(span?.events)) texts.push(String(event?.name), ...list(event?.attributes).map((/** @type {any} */ a) => `${a?.key}=${value(a?.value)}`));
        out.set(keyOf(span), texts.join(" ").toLowerCase());
      }
    }
  }
  return out;
}

/** @param {unknown} value @returns {any[]} */
const list = (value) => (Array.isArray(value) ? value : []);

/** value reads a value of OTLP JSON, whichever kind it has. @param {any} wrapped @returns {string} */
function value(wrapped) {
  const inner = wrapped && typeof wrapped === "object" ? Object.values(wrapped)[0] : wrapped;
  return inner && typeof inner === "object" ? list(inner.values).map(value).join(",") || JSON.stringify(inner) : String(inner);
}
