// A map as a Mermaid flowchart.
import { dashed, times } from "./graph.js";
import { duration, rate } from "../../lib/format.js";

/**
 * mermaid writes a graph as the text of a Mermaid flowchart.
 * @param {import("./graph.js").Graph} graph
 * @returns {string}
 */
export function mermaid(graph) {
  const names = new Map(graph.nodes.map((node, i) => [node.id, `n${i}`]));
  const lines = ["flowchart LR"];
  for (const node of graph.nodes) {
    const [open, close] = node.kind === "queue" ? ["[(", ")]"] : node.kind === "none" || node.kind === "dead" ? ["{{", "}}"] : ["[", "]"];
    lines.push(`    ${names.get(node.id)}${open}"${quoted(node.name)}"${close}`);
  }
  for (const link of graph.links) {
    const arrow = dashed(link) ? "-.->" : "-->";
    lines.push(`    ${names.get(link.from)} ${arrow}|"${quoted(label(link))}"| ${names.get(link.to)}`);
  }
  return lines.join("\n") + "\n";
}

/** @param {import("./graph.js").Link} link */
function label(link) {
  if (dashed(link)) return `${link.whats.join(", ")} (declared, not seen)`;
  const parts = link.kind === "take" ? [] : [link.whats.join(", ")];
  parts.push(rate(link.rate));
  const wait = link.kind === "take" ? times(link, "wait") : null;
  const work = link.kind === "send" ? null : times(link, "work");
  if (wait) parts.push(`wait ${duration(wait.p50Ms)} / ${duration(wait.p95Ms)}`);
  if (work) parts.push(`work ${duration(work.p50Ms)} / ${duration(work.p95Ms)}`);
  if (link.errors) parts.push(`${link.errors} failed`);
  return parts.join(" · ");
}

/** quoted keeps a text from ending the quotes of Mermaid, or from being read as its HTML. @param {string} text */
const quoted = (text) => text.replace(/[#"<>&|[\]{}()`\\]/g, (c) => `#${c.codePointAt(0)};`).replace(/\s+/g, " ").slice(0, 200);
