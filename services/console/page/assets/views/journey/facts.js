// What the head of a journey says.
// @ts-check
import { ago, count, duration } from "../../lib/format.js";
import { whereIn } from "../../lib/names.js";
import { placeOf } from "../../lib/state.js";

/** @typedef {import("../../types.js").Journey} Journey */
/** @typedef {import("../../types.js").Row} Row */

/**
 * shares returns the sums of wait, back-off and work with their share of all three.
 * @param {Pick<Row, "waitMs" | "backOffMs" | "workMs">} row
 */
export function shares(row) {
  const all = [
    { kind: "wait", word: "wait", ms: row.waitMs },
    { kind: "backoff", word: "back-off", ms: row.backOffMs },
    { kind: "work", word: "work", ms: row.workMs },
  ].map((one) => ({ ...one, ms: Math.max(0, Number(one.ms) || 0) }));
  const sum = all.reduce((n, one) => n + one.ms, 0);
  return all.map((one) => ({ ...one, share: sum > 0 ? one.ms / sum : 0 }));
}

/** ended reports that no span comes any more. @param {Row} row */
export const ended = (row) => row.state === "done" || row.source === "file";

/** moving reports that a journey goes on by itself. @param {Row} row */
export const moving = (row) => row.source !== "file" && ["running", "waiting", "retrying"].includes(row.state);

/** whereText says where a journey is now, and since when. @param {Row} row @param {number} now in ms @returns {string} */
export function whereText(row, now) {
  if (!row.where) return row.state === "done" ? "every message was handled" : "";
  const event = row.where.event ? `${row.where.event} ` : "";
  const since = Date.parse(row.where.since);
  const old = Number.isNaN(since) || row.source === "file" ? "" : ago(now - since);
  if (row.where.kind === "service" && (row.state === "lost" || row.state === "failed")) return `${event}${whereIn(row.state, "service")} at ${row.where.name}${old && `, ${old}`}`;
  return `${event}${placeOf(row.where)}${old && `, for ${old.replace(/ ago$/u, "")}`}`;
}

/**
 * A notice is a remark about the journey as a whole.
 * @typedef {{tone: "wait" | "error" | "outbox", icon: string, title: string, text: string}} Notice
 */

/**
 * notices says what a reader must know before trusting the picture.
 * @param {Journey} journey
 * @param {boolean} jaeger says that this console can ask Jaeger
 * @returns {Notice[]}
 */
export function notices(journey, jaeger) {
  /** @type {Notice[]} */
  const list = [];
  const { row, waterfall, missing } = journey;
  if (row.dropped) {
    list.push({ tone: "error", icon: "lost", title: `${count(row.dropped, "span")} left out`, text: "The journey has more spans than the console keeps. Jaeger has them all." });
  }
  if (!journey.complete && !missing?.gaps.length && !ended(row)) {
    list.push({ tone: "outbox", icon: "clock", title: "Spans may still come", text: "A span arrives when it ends. The page follows the journey." });
  }
  const skewed = waterfall.rows.filter((one) => one.warning?.includes("clock") || one.warning?.includes("before its parent")).length;
  if (skewed) {
    list.push({ tone: "wait", icon: "clock", title: `Clocks disagree on ${count(skewed, "span")}`, text: "These spans start before their cause. Their waits and places on the axis are not exact." });
  }
  if (journey.source === "jaeger") {
    list.push({ tone: "outbox", icon: "clock", title: "Read from Jaeger", text: "The console no longer keeps this journey, so the page does not follow it and has no logs of it." });
  }
  if (missing?.unanswered.length) {
    list.push({ tone: "outbox", icon: "failed", title: "Not every source answered", text: missing.unanswered.join("; ") });
  }
  if (missing?.unseen.length) {
    list.push({ tone: "outbox", icon: "lost", title: "Handled without a span", text: `The order is finished and these queues no longer have its message: ${missing.unseen.join(", ")}.` });
  }
  if (!jaeger) list.push({ tone: "outbox", icon: "failed", title: "Jaeger is away", text: "Links to Jaeger may lead nowhere. The console shows the spans that it keeps itself." });
  return list;
}

/** sentence says what took the time, for readers and for the title of the bar. @param {Row} row */
export const sentence = (row) => shares(row).map((one) => `${one.word} ${duration(one.ms)}`).join(", ");
