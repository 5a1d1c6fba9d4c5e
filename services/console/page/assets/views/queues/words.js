// Queues in words, and which of them needs attention first.
import { duration, number, rate } from "../../lib/format.js";

/** @typedef {import("../../types.js").Queue} Queue */

/**
 * Attention says how much a queue needs a person, and why.
 * @typedef {object} Attention
 * @property {number} rank 0 for the most
 * @property {"error"|"wait"|"backoff"|"done"} tone
 * @property {string} icon
 * @property {string} word
 * @property {string} text
 */

/** @type {Record<string, Attention>} */
const levels = {
  unattended: { rank: 0, tone: "error", icon: "failed", word: "No consumer", text: "Messages wait, and no process takes them. Is the subscriber running?" },
  dead: { rank: 1, tone: "error", icon: "dead", word: "Dead letters", text: "Messages have used up their attempts. Look at them, repair the cause, then redrive." },
  closed: { rank: 2, tone: "error", icon: "failed", word: "No consumer", text: "No process takes messages of this queue. The next one waits." },
  growing: { rank: 3, tone: "wait", icon: "stuck", word: "Not draining", text: "More comes in than goes out." },
  retrying: { rank: 4, tone: "backoff", icon: "retrying", word: "Retrying", text: "Messages wait for their next attempt." },
  waiting: { rank: 5, tone: "wait", icon: "waiting", word: "Draining", text: "Messages wait, and the queue gets shorter." },
  calm: { rank: 6, tone: "done", icon: "done", word: "Calm", text: "No message waits." },
};

/** patience is the age in ms up to which a waiting message is no news. */
const patience = 2000;

/**
 * attention says what a queue needs.
 * @param {Queue} queue
 * @returns {Attention}
 */
export function attention(queue) {
  return /** @type {Attention} */ (levels[level(queue)]);
}

/** @param {Queue} queue */
function level(queue) {
  if (queue.consumers === 0 && queue.ready > 0) return "unattended";
  if (queue.dead > 0) return "dead";
  if (queue.consumers === 0) return "closed";
  if (queue.ready > 0 && queue.drainMs === null) return (queue.oldestMs ?? patience) < patience && queue.ready < 5 ? "waiting" : "growing";
  if (queue.retry > 0) return "retrying";
  return queue.ready > 0 ? "waiting" : "calm";
}

/**
 * byAttention sorts queues: what needs attention first, and within that by name, so that rows keep their places.
 * @param {Queue[]} queues
 * @returns {Queue[]}
 */
export const byAttention = (queues) =>
  [...queues].sort((a, b) => attention(a).rank - attention(b).rank || (a.queue < b.queue ? -1 : a.queue > b.queue ? 1 : 0));

/**
 * drain says in words when a queue is empty.
 * @param {Queue} queue
 * @returns {string}
 */
export function drain(queue) {
  if (queue.ready === 0) return "empty";
  if (queue.consumers === 0) return "never without a consumer";
  if (queue.drainMs === null || !Number.isFinite(queue.drainMs)) return "never at this rate";
  if (queue.drainMs < 1000) return "within a second";
  return `in about ${duration(rounded(queue.drainMs))}`;
}

/** rounded leaves out what an estimate does not know. @param {number} ms */
function rounded(ms) {
  const step = ms < 10_000 ? 1000 : ms < 60_000 ? 5000 : ms < 3_600_000 ? 60_000 : 600_000;
  return Math.max(step, Math.round(ms / step) * step);
}

/**
 * consumersText says how many processes take messages.
 * @param {number} n
 */
export const consumersText = (n) => (n === 0 ? "none" : number(n));

/** rates writes both rates, or that they are not known. @param {Queue} queue */
export const rates = (queue) => (queue.inPerSecond === null && queue.outPerSecond === null ? "not known" : `${paceOf(queue.inPerSecond)} / ${paceOf(queue.outPerSecond)}`);

/** paceOf writes a rate that may be unknown. @param {number|null} perSecond */
export const paceOf = (perSecond) => (perSecond === null ? "–" : rate(perSecond));

/** numberOf writes a number that may be unknown. @param {number|null} n */
export const numberOf = (n) => (n === null ? "–" : number(n));

/**
 * summary says how the queues stand.
 * @param {Queue[]} queues
 * @returns {string}
 */
export function summary(queues) {
  if (queues.length === 0) return "No queue is declared.";
  const waiting = queues.reduce((sum, queue) => sum + queue.ready, 0);
  const dead = queues.reduce((sum, queue) => sum + queue.dead, 0);
  const closed = queues.filter((queue) => queue.consumers === 0).length;
  const parts = [waiting === 0 ? "no message waits" : `${number(waiting)} ${waiting === 1 ? "message waits" : "messages wait"}`];
  if (dead > 0) parts.push(`${number(dead)} dead ${dead === 1 ? "letter" : "letters"}`);
  if (closed > 0) parts.push(`${number(closed)} ${closed === 1 ? "queue has" : "queues have"} no consumer`);
  const text = parts.join(", ");
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/**
 * failingSpan reads the trace and the span of a traceparent.
 * @param {string} traceparent
 * @returns {{traceId: string, spanId: string}|null}
 */
export function failingSpan(traceparent) {
  const found = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}/.exec(traceparent);
  return found ? { traceId: found[1] ?? "", spanId: found[2] ?? "" } : null;
}
