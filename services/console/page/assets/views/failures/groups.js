// The switches of the board: by group, filtered, and what may be chosen for each.

/** @typedef {import("../../types.js").Switch} Switch */

/** groups are the headings of the board, in order. A group that the page does not know has its own name as its heading. */
export const groups = [
  { id: "consumer", title: "Consumer", text: "A service that takes events works badly." },
  { id: "publisher", title: "Publisher and broker", text: "Events are sent twice, late, or not at all." },
  { id: "payload", title: "Payload", text: "The event itself is wrong." },
  { id: "trace", title: "Trace", text: "The work is done, and the trace is wrong." },
  { id: "edge", title: "Edge", text: "The order service's HTTP routes work badly." },
  { id: "business", title: "Business", text: "No fault, but the order ends otherwise." },
  { id: "experiment", title: "Experiments", text: "Nothing breaks: another way to build the same system." },
];

/**
 * grouped puts switches under their headings, and leaves empty headings out.
 * @param {Switch[]} entries
 * @returns {{id: string, title: string, text: string, entries: Switch[]}[]}
 */
export function grouped(entries) {
  const known = new Set(groups.map((group) => group.id));
  const others = [...new Set(entries.map((entry) => entry.group))].filter((id) => !known.has(id)).map((id) => ({ id, title: id, text: "" }));
  return [...groups, ...others]
    .map((group) => ({ ...group, entries: entries.filter((entry) => entry.group === group.id) }))
    .filter((group) => group.entries.length > 0);
}

/**
 * filtered returns the switches that have every word of a text in their key or one of their texts.
 * @param {Switch[]} entries
 * @param {string} text
 */
export function filtered(entries, text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return entries;
  return entries.filter((entry) => {
    const all = [entry.key, entry.group, entry.title, entry.breaks, entry.where, entry.jaeger, entry.repair].join(" ").toLowerCase();
    return words.every((word) => all.includes(word));
  });
}

/** first is the variant of one click: the first that is not the default. @param {Switch} entry */
export const first = (entry) => entry.variants.find((variant) => variant !== entry.default) ?? entry.default;

/** choices are the variants that can be set. @param {Switch} entry */
export const choices = (entry) => entry.variants.filter((variant) => variant !== entry.default);

/** @typedef {"everyone"|"percent"|"customer"|"order"} Target */
/** @type {{id: Target, word: string}[]} */
export const targets = [
  { id: "everyone", word: "Every order" },
  { id: "percent", word: "A share of the orders" },
  { id: "customer", word: "One customer" },
  { id: "order", word: "One order" },
];

/**
 * target is the target of one click: everyone if that is allowed, else a tenth of the orders, else one customer.
 * @param {Switch} entry
 * @returns {Target}
 */
export function target(entry) {
  return targets.find(({ id }) => entry.targets.includes(id))?.id ?? "everyone";
}

/**
 * whyNot says why a target cannot be chosen, or "".
 * @param {Switch} entry
 * @param {Target} id
 */
export function whyNot(entry, id) {
  if (entry.targets.includes(id)) return "";
  switch (id) {
    case "everyone":
      return entry.crash ? "Every order would end a process, and the services would never stay up." : "It would stop every order for good.";
    case "percent":
      return entry.targets.length === 1 ? "It acts on a whole service or on the broker, not on single orders." : "It would hold up the other orders for good.";
    case "customer":
    case "order":
      return "It acts on a whole service or on the broker, not on single orders.";
  }
}

/**
 * settingOf makes the body of PUT /api/failures/{key}.
 * @param {{variant: string, target: Target, percent: number, customer: string}} chosen
 */
export function settingOf({ variant, target, percent, customer }) {
  if (target === "percent") return { variant, percent };
  if (target === "customer") return { variant, customer };
  return { variant };
}

/**
 * activeText says what is set: "2s, for 10% of the orders".
 * @param {{variant: string, percent?: number, customer?: string}} active
 */
export function activeText(active) {
  const parts = [];
  if (active.variant === "custom") return "by a rule that was written by hand";
  if (active.variant !== "on") parts.push(active.variant);
  if (active.percent) parts.push(`${active.percent}% of the orders`);
  else if (active.customer) parts.push(`customer ${active.customer}`);
  else parts.push("every order");
  return parts.join(", ");
}

/** journeysOf is the address of the journeys that a switch has hit. @param {Switch} entry */
export function journeysOf(entry) {
  const query = new URLSearchParams({ failure: entry.key });
  if (entry.hits?.since && !entry.hits.since.startsWith("0001-")) query.set("since", entry.hits.since);
  return `/journeys?${query}`;
}

/** byOrder returns the switches that a single order may have, by X-Traceria-Failure. @param {Switch[]} entries */
export const byOrder = (entries) => entries.filter((entry) => entry.targets.includes("order") && !entry.refused);
