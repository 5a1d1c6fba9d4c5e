// The filter of journeys, as the address of the page and the API write it.

/** The names that the API takes as a filter. */
export const names = ["state", "customer", "service", "event", "failure", "minMs", "maxMs", "attribute", "q", "since", "until", "id", "source", "commands"];

/** The names that may stand more than once. */
export const lists = new Set(["state", "customer", "service", "event", "failure", "attribute", "id", "source"]);

/** @type {Record<string, string>} */
const words = {
  customer: "Customer", service: "Service", event: "Event", failure: "Failure", minMs: "At least", maxMs: "At most", attribute: "Attribute",
  since: "Since", until: "Until", id: "Id", source: "Source", commands: "The console's commands", state: "State", q: "Text",
};

/**
 * apiFilter keeps what the API filters by, sorted, so that equal filters are equal texts.
 * @param {URLSearchParams} query of the address
 */
export function apiFilter(query) {
  const filter = new URLSearchParams();
  for (const name of names) {
    const values = query.getAll(name).filter((value) => value.trim() !== "");
    for (const value of lists.has(name) ? [...new Set(values)].sort() : values.slice(0, 1)) filter.append(name, value);
  }
  return filter;
}

/**
 * toggled adds a value of a list, or takes it away.
 * @param {URLSearchParams} query
 * @param {string} name
 * @param {string} value
 * @returns {string[]}
 */
export function toggled(query, name, value) {
  const values = query.getAll(name);
  return values.includes(value) ? values.filter((one) => one !== value) : [...values, value];
}

/**
 * parse reads what a reader types: "customer:alice", "over:2s", "traceria.kind=event", or plain text. null: nothing was typed.
 * @param {string} typed
 * @returns {{name: string, value: string}|{wrong: string}|null}
 */
export function parse(typed) {
  const text = typed.trim();
  if (!text) return null;
  const colon = /^(customer|service|event|failure|attribute|id|source|commands|over|under):\s*(.+)$/i.exec(text);
  if (!colon) return /^[\w.-]+=/.test(text) ? { name: "attribute", value: text } : { name: "q", value: text };
  const name = (colon[1] ?? "").toLowerCase();
  const value = (colon[2] ?? "").trim();
  if (name === "commands" && !["none", "any", "only"].includes(value)) return { wrong: `commands: is none, any or only, not ${value}.` };
  if (name !== "over" && name !== "under") return { name, value };
  const ms = milliseconds(value);
  if (ms === null) return { wrong: `${value} is not a duration. Write 250ms, 2s or 1.5min.` };
  return { name: name === "over" ? "minMs" : "maxMs", value: String(ms) };
}

/**
 * milliseconds reads a duration: "250", "250ms", "2s", "1.5 min". null for anything else.
 * @param {string} text
 */
export function milliseconds(text) {
  const found = /^\s*(\d+(?:\.\d+)?)\s*(ms|s|min|h)?\s*$/.exec(text);
  if (!found) return null;
  const unit = { ms: 1, s: 1000, min: 60000, h: 3600000 }[found[2] ?? "ms"] ?? 1;
  return Math.round(Number(found[1]) * unit);
}

/**
 * parts are the filters that are set and have no control of their own, for the chips that remove them.
 * @param {URLSearchParams} query
 * @returns {{name: string, value: string, word: string}[]}
 */
export function parts(query) {
  return [...apiFilter(query)].filter(([name]) => name !== "state" && name !== "q").map(([name, value]) => ({ name, value, word: words[name] ?? name }));
}
