// The steps of a critical path in words.
// @ts-check

/** @typedef {import("../../types.js").PathStep} PathStep */

/** bars are the patterns of kinds of steps. @type {Record<PathStep["kind"], string>} */
const bars = { work: "work", database: "database", call: "work", outbox: "outbox", publish: "work", wait: "wait", "back-off": "backoff", dead: "dead", unknown: "outbox" };

/** barOf returns the pattern of a kind. @param {string} kind */
export const barOf = (kind) => bars[/** @type {PathStep["kind"]} */ (kind)] ?? "outbox";

/** stepText says what a step was. @param {PathStep} step */
export function stepText(step) {
  const what = step.what || step.service || "";
  switch (step.kind) {
    case "wait": return `in the queue ${what}`;
    case "back-off": return `before the next attempt at ${what}${after(step)}`;
    case "dead": return `as a dead letter of ${what}${after(step)}`;
    case "unknown": return what;
    default: return `${step.service && !what.includes(step.service) ? `${step.service}: ` : ""}${what}${step.error ? ` (${step.error})` : ""}`;
  }
}

/** @param {PathStep} step */
const after = (step) => (step.attempt ? `, after attempt ${step.attempt}` : "") + (step.error ? ` (${step.error})` : "");

/**
 * mainSteps returns the steps of at least 1 %, in the order of time, and how many are left out.
 * @param {PathStep[]} steps
 * @param {boolean} all
 */
export function mainSteps(steps, all) {
  if (all || steps.length <= 6) return { steps, rest: 0 };
  const long = steps.filter((step) => step.share >= 0.01);
  return { steps: long.length ? long : steps.slice(0, 6), rest: steps.length - (long.length || 6) };
}
