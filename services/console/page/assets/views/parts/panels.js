// The console's memory, the topology of the broker, and the versions.
import { h } from "../../lib/dom.js";
import { ago, bytes, count, number, percent } from "../../lib/format.js";
import { facts, note } from "../pieces.js";
import { share } from "./advice.js";

/**
 * @param {import("../../types.js").Memory} memory
 * @param {number} streams
 */
export function memoryPanel(memory, streams) {
  const full = share(memory);
  const text = `${bytes(memory.bytes)} of ${bytes(memory.limitBytes)}`;
  const oldest = Date.parse(memory.oldest);
  return h("section", { class: "panel stack", "aria-labelledby": "memory-title" }, h("h2", { id: "memory-title" }, "The console's memory"),
    h("div", { class: "stack", style: { "--gap": "var(--s1)" } },
      h("div", { class: "row apart small" }, h("span", { class: "strong" }, text), h("span", { class: "quiet" }, percent(full))),
      h("div", { class: "meter", role: "meter", "aria-label": "Memory for spans", "aria-valuemin": "0", "aria-valuemax": "100", "aria-valuenow": String(Math.round(full * 100)), "aria-valuetext": text },
        h("span", { style: { width: `${(full * 100).toFixed(1)}%` } }))),
    facts([
      ["Kept", `${count(memory.journeys, "journey")}, ${count(memory.spans, "span")}`],
      ["Dropped", memory.droppedJourneys || memory.droppedSpans ? `${count(memory.droppedJourneys, "journey")}, ${count(memory.droppedSpans, "span")}` : "nothing yet"],
      ["Oldest", memory.journeys > 0 && oldest > 0 ? ago(Date.now() - oldest) : "none"],
      ["Streams", `${number(streams)} of 256 pages listen`],
    ]),
    h("p", { class: "small quiet" }, "When the memory is full, the oldest journeys are dropped whole. Jaeger still has them."));
}

/** @param {import("../../types.js").Parts["topology"]} topology */
export function topologyPanel(topology) {
  const missing = topology.missing ?? [];
  return h("section", { class: "panel stack", "aria-labelledby": "topology-title" }, h("h2", { id: "topology-title" }, "Topology"),
    facts([["Exchanges", number(topology.exchanges)], ["Queues", number(topology.queues)], ["Users", number(topology.users)]]),
    !topology.known ? note("wait", "help", "Not checked", h("p", null, "The broker could not be asked what it has."))
      : missing.length ? note("error", "failed", `${count(missing.length, "thing")} missing`, h("ul", { class: "mono small" }, missing.slice(0, 50).map((name) => h("li", null, name))), h("p", null, "Run ", h("code", null, "traceria topology apply"), "."))
        : note("done", "done", "The broker has all of it"));
}

/**
 * @param {Record<string, string>} versions
 * @param {import("../../types.js").About} about
 */
export function versionsPanel(versions, about) {
  const all = Object.entries({ traceria: about.version, ...versions });
  return h("section", { class: "panel stack", "aria-labelledby": "versions-title" }, h("h2", { id: "versions-title" }, "Versions"),
    facts(all.map(([name, version]) => [name, h("code", null, version || "unknown")])),
    h("p", { class: "small quiet" }, "The API of this page is described in ", h("a", { href: "/openapi.yaml", target: "_blank" }, "openapi.yaml"), "."));
}
