// The sequence diagram of a journey: its participants, and an arrow for each request and each message.
// @ts-check
import { duration } from "../../lib/format.js";
import { legible } from "./middle.js";
import { deadQueue, eventOf, isProcess, isSend, Participants, queueOf } from "./participants.js";

/** @typedef {import("../../types.js").WaterfallRow} WaterfallRow */
/** @typedef {import("./participants.js").Participant} Participant */

/**
 * An arrow goes from one participant to others. A fan-out has several.
 * @typedef {object} Arrow
 * @property {"request" | "send" | "deliver" | "dead" | "lost"} type lost: no span says that it was handled
 * @property {number} at in milliseconds from the start
 * @property {string} from
 * @property {string[]} to
 * @property {string} text
 * @property {string} remark
 * @property {boolean} failed
 * @property {string[]} injected
 * @property {WaterfallRow} row
 */

/** A stay is a bar on the line of a participant, between two heights in rows. @typedef {{on: string, kind: string, from: number, to: number, row: WaterfallRow}} Stay */

/**
 * diagram lays a sequence diagram out. Heights are numbers of arrows: time is not to scale.
 * @param {WaterfallRow[]} rows
 * @param {{queues: boolean}} options without queues, a message goes from service to service
 * @returns {{participants: Participant[], arrows: Arrow[], stays: Stay[]}}
 */
export function diagram(rows, { queues }) {
  const people = new Participants();
  /** @type {Map<WaterfallRow, WaterfallRow[]>} */
  const handled = new Map();
  for (const row of rows) {
    const cause = causeOf(rows, row);
    if (isProcess(row) && cause && isSend(cause)) handled.set(cause, [...(handled.get(cause) ?? []), row]);
  }
  /** @type {Arrow[]} */
  const arrows = [];
  const ordered = rows.filter((row) => isSend(row) || isProcess(row) || row.kind === "server").toSorted((a, b) => a.startMs - b.startMs);
  for (const row of ordered) {
    const arrow = isProcess(row) ? deliver(rows, row, people, queues) : isSend(row) ? send(row, handled.get(row) ?? [], people, queues) : request(rows, row, people);
    if (arrow) arrows.push(arrow);
  }
  arrows.sort((a, b) => a.at - b.at);
  return { participants: people.list, arrows, stays: stays(arrows, queues) };
}

/** @param {WaterfallRow[]} rows @param {WaterfallRow} row @returns {WaterfallRow | null} */
const causeOf = (rows, row) => (row.parent >= 0 ? rows[row.parent] ?? null : null);

/** @param {WaterfallRow[]} rows @param {WaterfallRow} row @param {Participants} people @returns {Arrow} */
function request(rows, row, people) {
  const cause = causeOf(rows, row);
  const from = cause ? people.service(cause.service) : people.service("client", "outside");
  return arrowOf("request", row.startMs, from, [people.service(row.service)], row.name, duration(row.durationMs), row);
}

/** @param {WaterfallRow} row @param {WaterfallRow[]} handlers @param {Participants} people @param {boolean} queues @returns {Arrow | null} */
function send(row, handlers, people, queues) {
  const from = people.service(row.service);
  const dead = deadQueue(row);
  if (dead) return arrowOf("dead", row.startMs, from, [queues ? people.queue(dead, row.service) : from], `dead letter of ${dead}`, "", row);
  const at = row.startMs + row.durationMs;
  if (!handlers.length) return arrowOf("lost", at, from, [], eventOf(row), row.failed ? row.error || "not sent" : "nothing has handled it yet", row);
  if (!queues) return null;
  const to = [...new Map(handlers.map((one) => [queueOf(one), one.service]))].map(([name, consumer]) => people.queue(name, consumer));
  // The broker may deliver before its confirm is back at the sender. The send still comes first.
  const first = Math.min(...handlers.map((one) => one.startMs));
  return arrowOf("send", Math.max(row.startMs, Math.min(at, first - 1e-6)), from, to, eventOf(row), "", row);
}

/** @param {WaterfallRow[]} rows @param {WaterfallRow} row @param {Participants} people @param {boolean} queues @returns {Arrow} */
function deliver(rows, row, people, queues) {
  const cause = causeOf(rows, row);
  const from = queues ? people.queue(queueOf(row), row.service) : cause ? people.service(cause.service) : people.service("client", "outside");
  const words = [];
  if (row.backOff && row.backOff.ms > 0) words.push(`${row.backOff.dead ? "dead letter for" : "back-off"} ${duration(row.backOff.ms)}`);
  if (row.wait) words.push(`waited ${row.wait.told ? "" : "~"}${duration(row.wait.ms)}`);
  if ((row.attempt ?? 0) > 1) words.push(`attempt ${row.attempt}`);
  if (row.settled && row.settled !== "ack") words.push(`settled ${row.settled}`);
  return arrowOf("deliver", row.startMs, from, [people.service(row.service)], queues ? words.shift() ?? "taken" : eventOf(row), words.join(", "), row);
}

/** @param {Arrow["type"]} type @param {number} at @param {string} from @param {string[]} to @param {string} text @param {string} remark @param {WaterfallRow} row @returns {Arrow} */
const arrowOf = (type, at, from, to, text, remark, row) => ({ type, at, from, to, text: legible(text), remark: legible(remark), failed: Boolean(row.failed), injected: row.injected ?? [], row });

/** @param {Arrow[]} arrows @param {boolean} queues @returns {Stay[]} */
function stays(arrows, queues) {
  const height = heights(arrows);
  /** @type {Stay[]} */
  const out = [];
  arrows.forEach((arrow, i) => {
    const { row } = arrow;
    const end = row.startMs + row.durationMs;
    if (arrow.type === "request" || arrow.type === "deliver") out.push({ on: arrow.to[0] ?? "", kind: row.failed ? "error" : "work", from: i, to: Math.max(i + 0.45, height(end)), row });
    if (arrow.type !== "deliver" || !queues) return;
    const wait = row.wait?.ms ?? 0;
    const back = row.backOff?.ms ?? 0;
    const waits = wait > 0 && !(back > 0 && wait >= back);
    if (back > 0) out.push({ on: arrow.from, kind: row.backOff?.dead ? "dead" : "backoff", from: height(row.startMs - back), to: waits ? height(row.startMs - wait) : i, row });
    if (waits) out.push({ on: arrow.from, kind: "wait", from: Math.min(i - 0.3, height(row.startMs - wait)), to: i, row });
  });
  return out;
}

/** heights returns a function from a time to a height: between the arrows before and after it. @param {Arrow[]} arrows */
function heights(arrows) {
  const times = arrows.map((arrow) => arrow.at);
  return (/** @type {number} */ ms) => {
    let low = 0;
    let high = times.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (/** @type {number} */ (times[middle]) <= ms) low = middle + 1;
      else high = middle;
    }
    const before = times[low - 1];
    const after = times[low];
    if (before === undefined) return 0;
    if (after === undefined) return low - 1 + 0.5;
    return low - 1 + (after > before ? (ms - before) / (after - before) : 0);
  };
}

/** words says an arrow for a screen reader. @param {Arrow} arrow */
export const words = (arrow) => `${arrow.from.replace(/^\w+ /u, "")} to ${arrow.to.map((one) => one.replace(/^\w+ /u, "")).join(", ") || "nowhere"}: ${[arrow.text, arrow.remark, arrow.failed && `error ${arrow.row.error ?? ""}`, ...arrow.injected.map((key) => `injected ${key}`)].filter(Boolean).join(", ")}`;
