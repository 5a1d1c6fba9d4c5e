// Compares two journeys, or two groups of journeys.
import { fill, h } from "../lib/dom.js";
import { aborted, api } from "../lib/api.js";
import { button, empty, failed, loading } from "../lib/blocks.js";
import { keys } from "../lib/keys.js";
import { chart } from "./compare/chart.js";
import { finding } from "./compare/finding.js";
import { form } from "./compare/form.js";
import { groupText } from "./compare/groups.js";
import { pick } from "./compare/pick.js";
import { count, duration } from "../lib/format.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {import("../types.js").Comparison} Comparison */
/** @typedef {import("../types.js").GroupComparison} GroupComparison */

/** @param {Context} first @returns {import("../types.js").View} */
export function open(first) {
  let ctx = first;
  const get = (/** @type {string} */ name) => ctx.query.get(name) ?? "";
  const groups = () => ctx.query.has("groupA") || ctx.query.has("groupB") || get("mode") === "groups";
  const by = () => /** @type {"place" | "difference"} */ (get("sort") === "place" ? "place" : "difference");
  let asked = "";
  /** @type {AbortController | null} */
  let request = null;
  /** @type {Comparison | GroupComparison | null} */
  let answer = null;

  const sides = {
    a: pick("A", (id) => ctx.setQuery({ a: id, mode: null }), () => get("b")),
    b: pick("B", (id) => ctx.setQuery({ b: id, mode: null }), () => get("a")),
  };
  const groupsBox = h("details", { class: "cmp-form" }, h("summary", { class: "button" }, "Choose the groups"));
  const choice = form((chosen) => ctx.setQuery({ ...chosen, mode: "groups", a: null, b: null }), first.about.parts.failures);
  groupsBox.append(choice.element);
  const modes = h("nav", { class: "tabs", "aria-label": "What to compare" });
  const swap = button("Swap A and B", () => {
    if (groups()) ctx.setQuery({ groupA: get("groupB"), groupB: get("groupA"), mode: "groups" });
    else ctx.setQuery({ a: get("b"), b: get("a") });
  }, { icon: "retrying" });
  const table = chart((sort) => ctx.setQuery({ sort: sort === "place" ? "place" : null }, { replace: true }));
  const pickers = h("div", { class: "cmp-sides" }, sides.a.element, sides.b.element);
  const result = h("div", { class: "stack", "aria-live": "off" });
  const element = h("div", { class: "stack compare" }, h("div", { class: "page-head" }, h("h1", null, "Compare"), swap), modes, pickers, groupsBox, result);

  function draw() {
    const isGroup = groups();
    fill(modes, h("a", { href: "/compare", "aria-current": isGroup ? null : "page" }, "Two journeys"), h("a", { href: "/compare?mode=groups", "aria-current": isGroup ? "page" : null }, "Two groups"));
    pickers.hidden = isGroup;
    groupsBox.hidden = !isGroup;
    const both = isGroup ? ctx.query.has("groupA") || ctx.query.has("groupB") : get("a") !== "" && get("b") !== "";
    swap.disabled = !both;
    if (isGroup) choice.show(get("groupA"), get("groupB"));
    else drawPicks();
    const url = isGroup ? `/api/compare?${new URLSearchParams({ groupA: get("groupA"), groupB: get("groupB") })}` : `/api/compare?${new URLSearchParams({ a: get("a"), b: get("b") })}`;
    if (!both || !isGroup) groupsBox.open = true;
    else if (url !== asked) groupsBox.open = false;
    if (!both) {
      asked = "";
      answer = null;
      fill(result, empty({ icon: "lanes", title: isGroup ? "Choose two groups" : "Choose two journeys", text: isGroup ? "A group is all journeys that a filter finds. Their medians and 95th percentiles are set side by side." : "Their hops are set side by side: what only one has, and what took longer." }));
      return ctx.ready();
    }
    if (url === asked && answer) return drawAnswer();
    asked = url;
    void load(url);
  }

  function drawPicks() {
    const rows = answer && "row" in answer === false && "a" in answer && "id" in answer.a ? /** @type {Comparison} */ (answer) : null;
    sides.a.show(get("a"), rows && rows.a.id === get("a") ? rows.a : null);
    sides.b.show(get("b"), rows && rows.b.id === get("b") ? rows.b : null);
  }

  /** @param {string} url */
  async function load(url) {
    request?.abort();
    request = new AbortController();
    fill(result, loading(6));
    try {
      answer = await api.get(url, { signal: request.signal });
      if (!groups()) drawPicks();
      drawAnswer();
      ctx.announce(result.querySelector("h2")?.textContent ?? "");
    } catch (thrown) {
      if (aborted(thrown)) return;
      answer = null;
      fill(result, failed(thrown, () => void load(url)));
    }
    ctx.ready();
  }

  function drawAnswer() {
    if (!answer) return;
    const group = groups();
    const [a, b] = group ? [/** @type {GroupComparison} */ (answer).a.p50Ms, /** @type {GroupComparison} */ (answer).b.p50Ms] : [/** @type {Comparison} */ (answer).a.durationMs, /** @type {Comparison} */ (answer).b.durationMs];
    const none = group ? ["a", "b"].filter((side) => /** @type {any} */ (answer)?.[side].journeys === 0).map((side) => `Group ${side.toUpperCase()}`).join(" and ") : "";
    const said = finding({ a, b, hops: answer.hops, group, none });
    fill(result, h("section", { class: "panel cmp-finding", "aria-label": "Finding" }, h("h2", null, said.head), said.more.map((line) => h("p", null, line)),
      group ? groupFacts(/** @type {GroupComparison} */ (answer)) : h("p", { class: "small quiet" }, `A took ${duration(a)}, B took ${duration(b)}.`),
      h("ul", { class: "j-legend", role: "list" }, [["wait", "wait"], ["backoff", "back-off"], ["work", "work"]].map(([kind, word]) => h("li", null, h("i", { class: `swatch bar-${kind}` }), word ?? "")), group && h("li", null, h("i", { class: "cmp-high-sample" }), "95th percentile"))),
    table.element);
    table.show(answer.hops, { group, by: by() });
  }

  /** @param {GroupComparison} compared */
  const groupFacts = (compared) => h("div", { class: "cmp-groups" }, ["A", "B"].map((letter) => {
    const one = letter === "A" ? compared.a : compared.b;
    return h("p", { class: "small" }, h("span", { class: "cmp-letter" }, letter), ` ${groupText(get(`group${letter}`))}: ${count(one.journeys, "journey")}${one.used < one.journeys ? `, the newest ${one.used} used` : ""}, median ${duration(one.p50Ms)}, p95 ${duration(one.p95Ms)}, ${one.errors} with errors`);
  }));

  draw();
  const drop = keys.add("Compare", "x", "Swap A and B", () => swap.disabled || swap.click());
  return {
    title: "Compare", element, loading: true,
    update(next) {
      ctx = next;
      draw();
    },
    close() {
      request?.abort();
      drop();
    },
  };
}
