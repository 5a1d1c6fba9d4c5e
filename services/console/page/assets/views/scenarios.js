// The guided runs: the list, one of them with its run, and the mystery.
import { h, fill } from "../lib/dom.js";
import { api } from "../lib/api.js";
import { badge, empty, failed, loading } from "../lib/blocks.js";
import { count } from "../lib/format.js";
import { path } from "../lib/router.js";
import { icon } from "../lib/svg.js";
import { stream } from "../lib/stream.js";
import { head } from "./pieces.js";
import { openPage } from "./scenarios/page.js";
import { open as openMystery } from "./mystery.js";

/** @typedef {import("../types.js").ScenarioSummary} Summary */
/** @typedef {import("../types.js").Run} Run */

/**
 * @param {import("../types.js").Context} ctx
 * @returns {import("../types.js").View}
 */
export function open(ctx) {
  if (ctx.params.name === "mystery") return openMystery(ctx);
  return ctx.params.name ? openPage(ctx, ctx.params.name) : openList(ctx);
}

/** @param {import("../types.js").Context} ctx @returns {import("../types.js").View} */
function openList(ctx) {
  const body = h("div", null, loading(10, "3rem"));
  /** @type {Map<string, HTMLElement>} */
  const marks = new Map();
  const read = async () => {
    try {
      /** @type {Summary[]} */
      const all = await api.get("/api/scenarios");
      const runs = all.filter((one) => one.name !== "mystery");
      fill(body, runs.length === 0 && all.length === 0 ? empty({ title: "There is no scenario", text: "This console has no guided runs." }) : h("div", { class: "stack", style: { "--gap": "var(--s5)" } }, mysteryCard(),
        h("ol", { role: "list", class: "scenario-list panel flush" }, runs.sort((a, b) => a.place - b.place).map(item))));
      stop = stream.listen(["run"], null, { run: mark });
    } catch (thrown) {
      fill(body, failed(thrown, () => void read()));
    }
    ctx.ready();
  };
  /** @param {Summary} one */
  const item = (one) => {
    const state = h("span", { class: "scenario-mark" });
    marks.set(one.name, state);
    return h("li", null, h("a", { href: path("scenarios", one.name), class: "scenario-item" },
      h("span", { class: "place", "aria-hidden": "true" }, String(one.place)),
      h("span", { class: "grow" }, h("span", { class: "strong" }, one.title), " ", h("code", { class: "quiet tiny" }, one.name),
        one.refused ? h("span", { class: "small quiet block" }, `Not here: ${one.refused.split(";")[0]}`) : null),
      state, h("span", { class: "small quiet nowrap" }, one.refused ? "" : count(one.steps, "step")), icon("right")));
  };
  /** @param {Run|null} run */
  const mark = (run) => {
    for (const [name, state] of marks) {
      fill(state, run && run.scenario === name ? run.running ? badge(`running, step ${run.step} of ${run.of}`, { tone: "work", icon: "play" }) : run.passed ? badge("as expected", { tone: "done", icon: "done" }) : badge("not as expected", { tone: "error", icon: "failed" }) : null);
    }
  };
  let stop = () => {};
  void read();
  return {
    title: "Scenarios", loading: true,
    element: h("div", { class: "stack scenarios" }, head("Scenarios", "Guided runs. Each one does something, reads the trace back, and compares it with what it must be."), body),
    close: () => stop(),
  };
}

const mysteryCard = () =>
  h("a", { href: "/scenarios/mystery", class: "mystery-card panel" }, icon("search", { size: 32 }),
    h("span", { class: "grow" }, h("span", { class: "strong" }, "The mystery"), h("span", { class: "small quiet block" }, "Something is broken, and no span says what. Look at the journeys, and find out.")),
    h("span", { class: "button" }, "Play"));
