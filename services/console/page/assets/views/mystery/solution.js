// The end of a mystery: what it was, and how it could have been seen.
import { h } from "../../lib/dom.js";
import { button } from "../../lib/blocks.js";
import { count } from "../../lib/format.js";
import { path } from "../../lib/router.js";
import { icon } from "../../lib/svg.js";
import { facts } from "../pieces.js";
import { differenceOf } from "../scenarios/run.js";

/**
 * praise says how well it went.
 * @param {boolean} solved
 * @param {{hints: number, guesses: number}} score
 */
export function praise(solved, { hints, guesses }) {
  if (!solved) return "Some hide well. Here is how it could have been seen.";
  if (hints === 0 && guesses === 0) return "At the first guess, and without a hint. Well read.";
  return `With ${count(hints, "hint")} and ${count(guesses, "wrong guess", "wrong guesses")}.`;
}

/**
 * @param {import("../../types.js").Verdict} verdict
 * @param {{hints: number, guesses: number}} score
 * @param {() => void} again
 */
export function solution(verdict, score, again) {
  const clues = verdict.clues ?? [];
  return h("div", { class: "stack solution", style: { "--gap": "var(--s5)" } },
    h("div", { class: `verdict panel ${verdict.solved ? "tone-done" : "tone-outbox"}` }, icon(verdict.solved ? "done" : "flag", { size: 32 }),
      h("div", { class: "grow" }, h("h2", { tabindex: "-1" }, verdict.solved ? "Solved" : "It was this"), h("p", null, praise(verdict.solved, score))), button("Play again", again, { icon: "retrying", class: "primary" })),
    clues.map((clue) => h("article", { class: "panel stack" }, h("h3", null, clue.title, " ", h("code", { class: "tiny quiet" }, clue.key)),
      facts([["What breaks", clue.breaks], ["What Jaeger shows", clue.jaeger], ["What repairs it", clue.repair], ["More", h("a", { href: `/failures?key=${encodeURIComponent(clue.key)}` }, "On the failure board")]]))),
    verdict.difference ? differenceOf(verdict.difference, "An order of the mystery beside one without a failure") : null,
    verdict.order ? h("p", null, h("a", { class: "button", href: path("journeys", verdict.order) }, "The journey that gave it away")) : null);
}
