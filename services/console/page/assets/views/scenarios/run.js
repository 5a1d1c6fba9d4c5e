// A run as it happens: steps, details, the verdict, and what was read.
import { attribute, fill, h, say } from "../../lib/dom.js";
import { badge } from "../../lib/blocks.js";
import { clock, duration } from "../../lib/format.js";
import { path } from "../../lib/router.js";
import { icon } from "../../lib/svg.js";
import { note, out } from "../pieces.js";
import { linesOf, summary } from "./difference.js";

/** @typedef {import("../../types.js").Run} Run */

/** @param {import("../../types.js").Context} ctx */
export function newRun(ctx) {
  const verdict = h("div");
  const fillBar = h("span");
  const bar = h("div", { class: "meter", role: "progressbar", "aria-label": "Progress", "aria-valuemin": "0" }, fillBar);
  const told = h("p", { class: "small quiet" });
  const steps = h("ol", { role: "list", class: "steps" });
  const readings = h("div", { class: "stack" });
  const element = h("section", { class: "stack run", "aria-label": "Run" }, verdict, h("div", { class: "panel stack" }, h("h2", null, "Steps"), told, bar, steps), readings);
  let drawn = "";
  return {
    element,
    /** @param {Run|null} run @param {string[]} planned the lines of the steps */
    show(run, planned) {
      const of = run?.of ?? planned.length;
      const done = run ? (run.running ? Math.max(0, run.step - 1) : run.step) : 0;
      fillBar.style.width = of ? `${Math.min(100, (done / of) * 100)}%` : "0%";
      bar.hidden = of === 0;
      bar.classList.toggle("is-running", run?.running ?? false);
      attribute(bar, "aria-valuemax", of);
      attribute(bar, "aria-valuenow", done);
      say(told, !run ? "Not run yet. What it will do:" : run.running ? `Step ${run.step} of ${run.of}` : `${of ? `${done} of ${of} steps` : "Ended"} in ${duration(run.seconds * 1000)}`);
      const shape = JSON.stringify([run, planned]);
      if (shape === drawn) return;
      drawn = shape;
      fill(verdict, run && !run.running ? verdictOf(run) : null);
      fill(steps, run ? linesOfRun(run, planned) : planned.map((text, i) => step(i + 1, text, "later", [])));
      const open = new Set([...readings.querySelectorAll("details[open]")].map((one) => /** @type {HTMLElement} */ (one).dataset.reading));
      fill(readings, (run?.readings ?? []).map((reading, i) => readingOf(ctx, reading, `${i}`, open.has(`${i}`))));
    },
  };
}

/** @param {Run} run */
function verdictOf(run) {
  if (run.passed) return note("done", "done", "The trace is as expected", h("p", null, "The run did what the scenario promises. All switches are back as they were."));
  if (run.refused) return note("wait", "help", "The run was refused", h("p", null, run.error), h("p", null, "Type ", h("code", null, `traceria scenario run ${run.scenario}`), " instead."));
  return note("error", "failed", run.readings.some((one) => one.difference) ? "The trace is not as expected" : "The run did not reach its end", run.error ? h("p", null, run.error) : null);
}

/** @param {Run} run @param {string[]} planned */
function linesOfRun(run, planned) {
  /** @type {Map<number, {text: string, at: string, details: string[]}>} */
  const told = new Map();
  for (const line of run.lines ?? []) {
    const known = told.get(line.step);
    if (!known) told.set(line.step, { text: line.detail ? (planned[line.step - 1] ?? "") : line.text, at: line.at, details: line.detail ? [line.text] : [] });
    else known.details.push(line.text);
  }
  const of = Math.max(run.of, ...told.keys(), 0);
  const first = told.has(0) ? 0 : 1;
  return Array.from({ length: of + 1 - first }, (_, i) => {
    const n = i + first;
    const found = told.get(n);
    const state = n < run.step || (!run.running && run.passed) ? "done" : n === run.step ? (run.running ? "now" : run.passed ? "done" : "failed") : "later";
    return step(n, found?.text ?? planned[n - 1] ?? `Step ${n}`, state, found?.details ?? [], found?.at);
  });
}

const signs = { done: ["done", "done", "done"], now: ["play", "work", "at work"], failed: ["failed", "error", "ended here"], later: ["more", "outbox", "not yet"] };

/** @param {number} n @param {string} text @param {keyof typeof signs} state @param {string[]} details @param {string} [at] */
function step(n, text, state, details, at) {
  const [sign = "", tone = "", word = ""] = signs[state];
  return h("li", { class: `step is-${state} tone-${tone}`, "aria-current": state === "now" ? "step" : null },
    h("span", { class: "step-sign" }, icon(sign, { size: 14 }), h("span", { class: "unseen" }, `${word}: `)),
    h("div", { class: "grow" }, h("span", null, text), at ? h("span", { class: "tiny quiet" }, ` ${clock(at)}`) : null,
      details.length ? h("ul", { role: "list", class: "small quiet details" }, details.slice(-40).map((detail) => h("li", null, detail))) : null));
}

/** @param {import("../../types.js").Context} ctx @param {Run["readings"][number]} reading @param {string} id @param {boolean} open */
function readingOf(ctx, reading, id, open) {
  const wrong = Boolean(reading.difference);
  return h("article", { class: "panel stack reading" },
    h("div", { class: "row apart" }, h("h2", null, `Read: ${reading.of}`), wrong ? badge("not as expected", { tone: "error", icon: "failed" }) : badge("as expected", { tone: "done", icon: "done" })),
    reading.look ? h("p", null, h("span", { class: "strong" }, "Look at: "), reading.look) : null,
    h("div", { class: "row" }, (reading.journeys ?? []).slice(0, 12).map((id, i) => h("a", { class: "button", href: path("journeys", id) }, (reading.journeys ?? []).length === 1 ? "Its journey" : `Journey ${i + 1}`)),
      (reading.traces ?? []).slice(0, 6).map((trace, i) => out(jaeger(ctx, trace), (reading.traces ?? []).length === 1 ? "Jaeger" : `Jaeger ${i + 1}`, "small"))),
    wrong ? differenceOf(reading.difference ?? "", `Difference from ${reading.golden}`) : null,
    h("details", { dataset: { reading: id }, open }, h("summary", { class: "small" }, icon("right", { size: 12, class: "turn" }), "The tree that was read"), h("pre", { class: "code", tabindex: "0", role: "region", "aria-label": "Tree" }, reading.tree)));
}

/** jaeger is the address of a trace: the run has addresses or ids. @param {import("../../types.js").Context} ctx @param {string} trace */
const jaeger = (ctx, trace) => (/^https?:\/\//.test(trace) ? trace : `${ctx.about.jaeger.replace(/\/$/, "")}/trace/${encodeURIComponent(trace)}`);

/**
 * differenceOf shows a difference: − for what is missing, + for what is more.
 * @param {string} text
 * @param {string} title
 */
export function differenceOf(text, title) {
  const lines = linesOf(text);
  return h("figure", { class: "difference" }, h("figcaption", { class: "small" }, h("span", { class: "strong" }, title), `: ${summary(lines)}`),
    h("div", { class: "code", tabindex: "0", role: "region", "aria-label": title }, lines.map((line) => h("div", { class: line.sign === "-" ? "line is-less" : line.sign === "+" ? "line is-more" : "line" },
      h("span", { class: "sign" }, line.sign === "-" ? "−" : line.sign), h("span", null, line.text)))));
}
