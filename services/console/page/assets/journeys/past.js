// Where a journey was at a moment, worked out from its track.
import { kinds } from "../lib/state.js";

/** @typedef {import("../types.js").Row} Row */
/** @typedef {import("../types.js").Stage} Stage */
/** @typedef {import("../types.js").Where} Where */

/** The kinds of a stay, the gravest first. */
const gravest = ["dead", "backoff", "wait", "outbox", "work"];
/** @type {Record<string, Where["kind"]>} */
const placeKinds = { dead: "dead", backoff: "retry", wait: "queue", outbox: "outbox", work: "service" };
/** @type {Record<string, import("../types.js").State>} */
const stateNames = { dead: "dead", backoff: "retrying", wait: "waiting", outbox: "running", work: "running" };

/**
 * stays are the stages that a journey was in at a moment.
 * @param {Stage[]} track
 * @param {number} ms from the start of the journey
 */
export const stays = (track, ms) => track.filter((stage) => stage.fromMs <= ms && (stage.toMs < 0 || stage.toMs > ms));

/**
 * gravestOf returns the stay that says most about a journey: the gravest, and of these the longest.
 * @param {Stage[]} open
 * @returns {Stage|undefined}
 */
export function gravestOf(open) {
  return [...open].sort((a, b) => gravest.indexOf(a.kind) - gravest.indexOf(b.kind) || a.fromMs - b.fromMs)[0];
}

/**
 * rowAt returns a row as it was at a moment, or null if the journey had not begun.
 * @param {Row} row
 * @param {number} at in ms since 1970
 * @param {number} stuckAfter in ms
 * @returns {Row|null}
 */
export function rowAt(row, at, stuckAfter) {
  const start = Date.parse(row.start);
  const ms = at - start;
  if (ms < 0) return null;
  const track = row.track.filter((stage) => stage.fromMs <= ms);
  const stay = gravestOf(stays(track, ms));
  if (!stay && track.length === row.track.length) return { ...row };
  const until = (/** @type {Stage} */ stage) => (stage.toMs < 0 || stage.toMs > ms ? ms : stage.toMs);
  const sum = (/** @type {string} */ kind) => track.reduce((all, stage) => (stage.kind === kind ? all + until(stage) - stage.fromMs : all), 0);
  const ended = track.reduce((last, stage) => Math.max(last, until(stage) === stage.toMs ? stage.toMs : stage.fromMs), 0);
  const errors = track.filter((stage) => stage.failed && until(stage) === stage.toMs).length;
  /** @type {Row} */
  const then = {
    ...row, track: track.map((stage) => (stage.toMs > ms ? { ...stage, toMs: -1 } : stage)), durationMs: ended, end: new Date(start + ended).toISOString(),
    waitMs: sum("wait"), backOffMs: sum("backoff"), workMs: sum("work"), errors, attempts: Math.max(1, Math.min(row.attempts, errors + 1)),
    dead: stay?.kind === "dead" ? 1 : 0, redriven: 0, services: row.services.filter((name) => track.some((stage) => stage.place === name)),
    state: stay ? (stateNames[stay.kind] ?? "running") : "running",
  };
  delete then.where;
  if (!stay) return then;
  if (stay.kind === "wait" && ms - stay.fromMs > stuckAfter) then.state = "stuck";
  then.where = { kind: placeKinds[stay.kind] ?? "service", name: stay.place, since: new Date(start + stay.fromMs).toISOString() };
  return then;
}

/** shares are the lengths of wait, back-off and work, for a bar. @param {Row} row */
export const shares = (row) => [
  { kind: "wait", word: kinds.wait?.word ?? "", ms: row.waitMs },
  { kind: "backoff", word: kinds.backoff?.word ?? "", ms: row.backOffMs },
  { kind: "work", word: kinds.work?.word ?? "", ms: row.workMs },
];
