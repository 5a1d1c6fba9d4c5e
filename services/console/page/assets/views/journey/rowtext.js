// What a line of the waterfall says in words.
// @ts-check
import { count, duration, short } from "../../lib/format.js";

/** @typedef {import("./lines.js").Line} Line */
/** @typedef {import("../../types.js").WaterfallRow} WaterfallRow */

/**
 * times says the times of a span: "back-off 1 s · waited ~3 ms · 12 ms". A wait that is worked out rather than told has a "~".
 * @param {WaterfallRow} row
 */
export function times(row) {
  const words = [];
  if (row.backOff && row.backOff.ms > 0) words.push(`${row.backOff.dead ? "dead" : "back-off"} ${duration(row.backOff.ms)}`);
  if (row.wait && row.wait.ms > 0) words.push(`waited ${row.wait.told ? "" : "~"}${duration(row.wait.ms)}`);
  words.push(duration(row.durationMs));
  return words.join(" · ");
}

/**
 * A mark is a short sign on a line, with the whole sentence for it.
 * @typedef {{kind: "injected" | "error" | "dead" | "retry" | "attempt" | "duplicate" | "redriven" | "joined" | "warning" | "old", sign: string, more: string, text: string}} Mark
 */

/** settledTexts explain how a message was settled. @type {Record<string, string>} */
export const settledTexts = {
  ack: "The message was acknowledged.",
  retry: "The message goes to its retry queue and comes again.",
  requeue: "The message was given back to its queue.",
  pause: "The consumer holds the message and tries again in place.",
  dead: "The message became a dead letter.",
};

/** @param {WaterfallRow} row @returns {Mark[]} */
export function marks(row) {
  /** @type {Mark[]} */
  const list = [];
  for (const key of row.injected ?? []) list.push({ kind: "injected", sign: "⚑", more: key, text: `Injected failure ${key}` });
  const settled = row.settled && row.settled !== "ack" ? row.settled : "";
  if ((row.attempt ?? 0) > 1 || (row.attempt && settled)) {
    const dead = settled === "dead";
    list.push({ kind: dead ? "dead" : "attempt", sign: `#${row.attempt}${dead ? " dead" : ""}`, more: dead ? "" : settled, text: `Attempt ${row.attempt}.${settled ? ` ${settledTexts[settled] ?? ""}` : ""}` });
  } else if (settled) {
    list.push({ kind: settled === "dead" ? "dead" : "retry", sign: settled, more: "", text: settledTexts[settled] ?? `Settled: ${settled}` });
  }
  if (row.failed) list.push({ kind: "error", sign: "✕", more: row.error || "error", text: `Error: ${row.error || "not said"}` });
  if (row.duplicate) list.push({ kind: "duplicate", sign: "2×", more: "duplicate", text: "The message was handled before. It changed nothing." });
  if (row.redriven) list.push({ kind: "redriven", sign: "↻", more: "redriven", text: "The message was a dead letter and was sent again." });
  if (row.joined) list.push({ kind: "joined", sign: "↳", more: "new trace", text: "The span begins a trace of its own. A link puts it here." });
  if (row.warning) list.push({ kind: "warning", sign: "⚠", more: row.warning.includes("clock") || row.warning.includes("before its") ? "clock" : "", text: row.warning });
  return list;
}

/**
 * remarks are the words that stand behind the bars: the injected failures, and the error if they do not explain it.
 * @param {WaterfallRow} row
 * @returns {{kind: "injected" | "error", text: string}[]}
 */
export function remarks(row) {
  const keys = row.injected ?? [];
  const error = row.failed ? row.error || "error" : "";
  const explained = keys.some((key) => error.endsWith(`${key} is switched on`));
  return [
    ...keys.map((key) => ({ kind: /** @type {const} */ ("injected"), text: `⚑ ${key}` })),
    ...(error && !explained ? [{ kind: /** @type {const} */ ("error"), text: `✕ ${short(error, 80)}` }] : []),
  ];
}

/**
 * labelOf shortens the name of a messaging span to its operation and the queue or the routing key, if the name has them.
 * @param {WaterfallRow} row
 */
export function labelOf(row) {
  const { operation = "", queue = "", routingKey = "", exchange = "" } = row.messaging ?? {};
  const verb = row.name.split(" ", 1)[0] ?? "";
  if (!operation || !exchange || !row.name.startsWith(`${verb} ${exchange}:`)) return row.name;
  const what = queue && row.name.endsWith(`:${queue}`) ? queue : routingKey && row.name.endsWith(`:${routingKey}`) ? routingKey : "";
  return what ? `${verb} ${what}` : row.name;
}

/** hints explain the parts of a bar, for its tooltip. @param {WaterfallRow} row */
export function hints(row) {
  const out = [`${row.service}: ${row.name}`];
  if (row.backOff && row.backOff.ms > 0) {
    out.push(row.backOff.dead ? `Dead letter for ${duration(row.backOff.ms)}` : `Back-off ${duration(row.backOff.ms)} after attempt ${row.backOff.after}`);
  }
  if (row.wait) out.push(`Waited ${duration(row.wait.ms)} in ${row.wait.queue || "its queue"}${row.wait.told ? "" : " (worked out from the send span: no attribute tells it)"}`);
  out.push(`${row.database ? "Database" : "Work"} ${duration(row.durationMs)}`);
  return out.join("\n");
}

/** @param {number} n */
export const databaseText = (n) => count(n, "database span");

/** placeTexts say where something is that is missing. @type {Record<string, string>} */
export const placeTexts = {
  ready: "waits in its queue", unacked: "in the hands of its consumer", retry: "waits for its next attempt", paused: "held by its consumer",
  dead: "dead letter", outbox: "in the outbox", lost: "lost", "never-sent": "never sent", unknown: "place unknown", soon: "its span may still come",
};
