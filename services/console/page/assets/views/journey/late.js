// Why a journey took so long: a sentence, and the steps of its critical path.
import { fill, h } from "../../lib/dom.js";
import { duration, percent } from "../../lib/format.js";
import { barOf, mainSteps, stepText } from "./steps.js";

/** @param {{go: (key: string) => void}} on */
export function late(on) {
  const element = h("section", { class: "j-late panel", "aria-label": "Critical path" });
  let drawn = "";
  let all = false;

  /** @param {import("../../types.js").Journey} journey @param {string} selected */
  function show(journey, selected) {
    const now = JSON.stringify([journey.late, journey.path, selected, all]);
    if (now === drawn) return;
    drawn = now;
    const { path } = journey;
    if (!path?.steps?.length) {
      fill(element, h("h2", null, "No critical path"), h("p", { class: "quiet" }, journey.late || "The journey has no span that ends it yet."));
      return;
    }
    const { steps, rest } = mainSteps(path.steps, all);
    fill(element, h("h2", { class: "j-why" }, journey.late),
      h("p", { class: "small quiet" }, `${duration(path.durationMs)} from ${path.from} to ${path.to}. The steps follow each other without a gap.`),
      h("ol", { class: "j-steps", role: "list" }, steps.map((step) => h("li", null,
        h("button", { type: "button", class: "j-step", "aria-pressed": String(`${step.traceId}-${step.spanId}` === selected), onclick: () => on.go(`${step.traceId}-${step.spanId}`) },
          h("span", { class: "j-share", "aria-hidden": "true" }, h("i", { class: `bar-${barOf(step.kind)}`, style: { width: `${Math.max(1.5, step.share * 100)}%` } })),
          h("span", { class: "j-took strong" }, duration(step.durationMs)), h("span", { class: "j-percent quiet" }, percent(step.share)),
          h("span", { class: "j-what" }, h("span", { class: "j-kind" }, step.kind), " ", stepText(step)))))),
      (rest > 0 || all) && h("button", { type: "button", class: "button plain", onclick: () => {
        all = !all;
        show(journey, selected);
      } }, all ? "Show the longest steps only" : `Show ${rest} shorter steps`));
  }
  return { element, show };
}
