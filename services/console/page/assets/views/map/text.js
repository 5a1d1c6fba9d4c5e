// The numbers of a map as text.
import { count, duration, number, rate } from "../../lib/format.js";
import { dashed, times } from "./graph.js";

/** @typedef {import("./graph.js").Link} Link */

/** pace is the rate, or the number if the rate is too small to say. @param {{rate: number, count: number}} of */
export const pace = ({ rate: perSecond, count: n }) => (perSecond >= 0.01 || n === 0 ? rate(perSecond) : `${number(n)} in all`);

/** rateOf is the rate of a link, or that there is none. @param {Link} link */
export const rateOf = (link) => (dashed(link) ? "not seen" : [pace(link), markOf(link)].filter(Boolean).join(" "));

/**
 * label is all that is known of a link, in lines.
 * @param {Link} link
 */
export function label(link) {
  if (dashed(link)) return ["declared, not seen"];
  const parts = [pace(link)];
  const wait = link.kind === "take" ? times(link, "wait") : null;
  const work = link.kind === "send" ? null : times(link, "work");
  if (wait) parts.push(`wait ${duration(wait.p50Ms)} / ${duration(wait.p95Ms)}`);
  if (work) parts.push(`work ${duration(work.p50Ms)} / ${duration(work.p95Ms)}`);
  if (link.errors) parts.push(`✕ ${number(link.errors)} failed`);
  if (link.undeclared) parts.push("! not declared");
  return parts;
}

/**
 * markOf is what a link shows without being asked: how many failed, and whether it is not declared.
 * @param {Link} link
 */
export const markOf = (link) => [link.errors ? `✕ ${number(link.errors)}` : "", link.undeclared ? "!" : ""].filter(Boolean).join(" ");

/** weight is the width of a link: the rate on a scale of powers of ten. @param {Link} link */
export const weight = (link) => (dashed(link) ? 1.25 : Math.min(4, 1.25 + Math.max(0, Math.log10(1 + link.rate * 10) * 0.7)));

/**
 * linkText says a link in a sentence.
 * @param {Link} link
 * @param {(id: string) => string} name
 */
export const linkText = (link, name) => `${name(link.from)} to ${name(link.to)}: ${label(link).join(", ")}`;

/**
 * nodeText says a node with what enters and leaves it.
 * @param {import("./graph.js").Graph} graph
 * @param {import("./graph.js").MapNode} node
 */
export function nodeText(graph, node) {
  const into = graph.links.filter((link) => link.to === node.id);
  const out = graph.links.filter((link) => link.from === node.id);
  const errors = into.reduce((sum, link) => sum + link.errors, 0);
  const kind = { service: "service", queue: "queue", outside: "outside of the traces", dead: "dead letters", none: "no consumer has handled it" }[node.kind];
  return [`${node.name}, ${kind}`, `${count(into.length, "way")} in, ${out.length} out`, errors ? `${count(errors, "failure")}` : "", node.seen ? "" : "declared, not seen"].filter(Boolean).join(", ");
}

/**
 * journeysOf is the address of the journeys behind a node or a link.
 * @param {import("./graph.js").Graph} graph
 * @param {string} id
 */
export function journeysOf(graph, id) {
  const node = graph.nodes.find((one) => one.id === id);
  const query = new URLSearchParams();
  if (node?.kind === "service") query.set("service", node.name);
  else if (node?.kind === "queue") for (const what of whats(graph.links.filter((link) => link.to === id))) query.append("event", what);
  else {
    const link = graph.links.find((one) => one.id === id);
    const ends = graph.nodes.filter((one) => one.id === link?.from || one.id === link?.to);
    if (link && link.kind !== "call") for (const what of whats([link])) query.append("event", what);
    const service = ends.filter((one) => one.kind === "service").at(-1);
    if (service) query.set("service", service.name);
  }
  return `/journeys?${query}`;
}

/** @param {Link[]} links */
const whats = (links) => [...new Set(links.flatMap((link) => link.whats))].slice(0, 20);
