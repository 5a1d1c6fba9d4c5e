// One scenario: its text, and its run.
import { h, fill, say } from "../../lib/dom.js";
import { api, problemOf } from "../../lib/api.js";
import { button, failed, loading } from "../../lib/blocks.js";
import { count } from "../../lib/format.js";
import { path } from "../../lib/router.js";
import { icon } from "../../lib/svg.js";
import { stream } from "../../lib/stream.js";
import { head, note, slot } from "../pieces.js";
import { parse } from "./markdown.js";
import { render } from "./render.js";
import { newRun } from "./run.js";

/** @typedef {import("../../types.js").ScenarioPage} ScenarioPage */
/** @typedef {import("../../types.js").Run} Run */

/**
 * @param {import("../../types.js").Context} ctx
 * @param {string} name
 * @returns {import("../../types.js").View}
 */
export function openPage(ctx, name) {
  const words = slot("Reading …");
  const top = h("div", null, head(name, words));
  const fault = h("div", { "aria-live": "polite" });
  const other = h("div");
  const text = h("article", { class: "prose" }, loading(6));
  const run = newRun(ctx);
  const start = button("Run it", () => void begin(), { icon: "play", class: "primary" });
  const cancel = button("Cancel", () => void end(), { icon: "close" });
  const controls = h("div", { class: "row" }, start, cancel);
  /** @type {ScenarioPage|null} */
  let page = null;
  /** @type {Run|null} */
  let current = null;

  const show = () => {
    const mine = current?.scenario === name;
    const busy = current?.running ?? false;
    const held = [start, cancel].some((one) => one === document.activeElement);
    start.hidden = Boolean(page?.refused) || (busy && mine);
    start.disabled = busy;
    start.title = busy ? `${current?.title} runs at the moment` : "";
    cancel.hidden = !(busy && mine);
    if (held) (cancel.hidden ? start : cancel).focus();
    run.show(mine ? current : null, page?.lines ?? []);
    fill(other, busy && !mine ? note("work", "play", `“${current?.title}” runs at the moment`, h("p", null, h("a", { href: path("scenarios", current?.scenario ?? "") }, "Watch it"), ". One scenario runs at a time.")) : null);
  };
  const act = async (/** @type {() => Promise<Run|null>} */ change) => {
    fill(fault);
    try {
      const now = await change();
      if (now) take(now);
    } catch (thrown) {
      const refused = problemOf(thrown);
      fill(fault, note("error", "failed", refused.title, h("p", null, refused.detail)));
    }
  };
  const begin = () => {
    return act(() => api.send("POST", `/api/scenarios/${encodeURIComponent(name)}/run`)).finally(show);
  };
  const end = () => act(() => api.send("DELETE", "/api/runs/current"));
  /** @param {Run|null} now */
  const take = (now) => {
    if (current?.running && now && !now.running && now.scenario === name) ctx.announce(now.passed ? "The trace is as expected" : "The run has ended, not as expected");
    current = now;
    show();
  };
  const read = async () => {
    try {
      const [found, all] = await Promise.all([/** @type {Promise<ScenarioPage>} */ (api.get(`/api/scenarios/${encodeURIComponent(name)}`)), /** @type {Promise<import("../../types.js").ScenarioSummary[]>} */ (api.get("/api/scenarios"))]);
      page = found;
      ctx.setTitle(found.title);
      fill(top, breadcrumb(), head(found.title, words, controls));
      say(words, [found.steps ? count(found.steps, "step") : "A check of a service of your own", rowsOf(found)].filter(Boolean).join(", "));
      const names = new Set(all.map((one) => one.name));
      fill(text, refusal(found), render(withoutTitle(parse(found.page)), (code) => (names.has(code) && code !== name ? path("scenarios", code) : null)));
      show();
    } catch (thrown) {
      fill(text, failed(thrown, () => void read()));
    }
    ctx.ready();
  };
  void read();
  const stop = stream.listen(["run"], null, { run: take });
  show();
  return { title: name, loading: true, close: stop, element: h("div", { class: "stack scenario" }, top, fault, other, h("div", { class: "scenario-body" }, text, run.element)) };
}

const breadcrumb = () => h("nav", { "aria-label": "Breadcrumb", class: "small" }, h("a", { href: "/scenarios", class: "row" }, icon("left", { size: 12 }), "All scenarios"));

/** refusal says why a scenario cannot run here, and what to type instead. @param {ScenarioPage} page */
const refusal = (page) => (page.refused ? note("wait", "help", "It cannot be run from this page", ...command(page.refused, page.name)) : null);

/**
 * command shows a refusal with the command to type. The refusal mostly has it after "type:".
 * @param {string} text
 * @param {string} name
 */
function command(text, name) {
  const [, why = text, before = "in the folder from which the system was started, type: ", typed = `bin/traceria scenario run ${name}`, rest = ""] =
    /^(.*?)[;,.]?\s*([^;.]*\btype: )(\S*traceria scenario run [^()]*[^()\s])(.*)$/s.exec(text) ?? [];
  return [h("p", null, sentence(why)), h("p", null, sentence(before), h("code", null, typed), rest)];
}

/** rowsOf says which rows of the talk a scenario shows. @param {import("../../types.js").ScenarioSummary} one */
export const rowsOf = ({ rows }) => (rows?.length ? `${rows.length === 1 ? "row" : "rows"} ${rows.join(", ")} of the talk` : "");

/** sentence begins with a capital. @param {string} text */
const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** withoutTitle leaves out the title, which the head of the view has. @param {import("./markdown.js").Block[]} blocks */
const withoutTitle = (blocks) => (blocks[0]?.kind === "heading" && blocks[0].level === 1 ? blocks.slice(1) : blocks);
