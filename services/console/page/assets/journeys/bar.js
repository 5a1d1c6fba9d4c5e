// The filter: chips of states with their numbers, a field for everything else, and the filters that are set.
import { fill, h, say } from "../lib/dom.js";
import { icon } from "../lib/svg.js";
import { button } from "../lib/blocks.js";
import { number } from "../lib/format.js";
import { stateNames, states } from "../lib/state.js";
import { lists, parse, parts, toggled } from "./filter.js";
import { sorts } from "./sort.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {Partial<Record<import("../types.js").State, number>>} Counts */

/**
 * bar makes the filter bar.
 * @param {() => Context} ctx the present context
 * @param {Node} more stands at the end of the line of the field
 * @param {() => string[]} known values that the rows have
 */
export function bar(ctx, more, known) {
  const chips = new Map(stateNames.map((name) => [name, chip(name, () => ctx().setQuery({ state: toggled(ctx().query, "state", name) }))]));
  const wrong = h("p", { class: "wrong tiny", role: "alert", hidden: true });
  const offered = h("datalist", { id: "j-known" });
  const input = h("input", {
    class: "input", type: "search", id: "j-filter", list: "j-known", autocomplete: "off", spellcheck: "false",
    placeholder: "Text, or customer:alice, over:2s, key=value", "aria-label": "Filter journeys", "aria-describedby": "j-filter-hint",
  });
  const form = h("form", { class: "j-search", role: "search", onsubmit: (/** @type {Event} */ event) => submit(event) }, icon("search"), input, h("span", { id: "j-filter-hint", class: "unseen" },
    "Write text, or one of customer, service, event, failure, over, under with a colon and a value, or an attribute as key=value. commands:any shows the commands to the console, too. Enter applies it."));
  const set = h("div", { class: "row j-set", style: { "--gap": "var(--s1)" } });
  const sort = h("select", { class: "select", id: "j-sort", onchange: () => ctx().setQuery({ sort: sort.value === "attention" ? null : sort.value, follow: null }) },
    Object.entries(sorts).map(([name, text]) => h("option", { value: name }, text)));
  const element = h("div", { class: "j-filter stack", style: { "--gap": "var(--s2)" } },
    h("div", { class: "j-chips", role: "group", "aria-label": "States" }, [...chips.values()].map((one) => one.element)),
    h("div", { class: "j-line" }, form, h("label", { class: "unseen", for: "j-sort" }, "Order of the rows"), sort, more), wrong, set, offered);

  /** @param {Event} event */
  function submit(event) {
    event.preventDefault();
    const found = parse(input.value);
    const bad = found && "wrong" in found ? found.wrong : "";
    wrong.hidden = !bad;
    say(wrong, bad);
    input.setAttribute("aria-invalid", String(bad !== ""));
    if (!found) return ctx().setQuery({ q: null });
    if ("wrong" in found) return;
    if (found.name === "q") return ctx().setQuery({ q: found.value });
    input.value = ctx().query.get("q") ?? "";
    const one = !lists.has(found.name);
    ctx().setQuery({ [found.name]: one ? found.value : [...new Set([...ctx().query.getAll(found.name), found.value])] });
  }
  input.addEventListener("focus", () => fill(offered, known().map((value) => h("option", { value }))));
  input.addEventListener("search", () => { if (!input.value) ctx().setQuery({ q: null }); });
  input.addEventListener("keydown", (event) => { if (event.key === "Escape") input.blur(); });

  return {
    element,
    focus() {
      input.focus();
      input.select();
    },
    /** update shows the filter of the address. */
    update() {
      const query = ctx().query;
      for (const [name, one] of chips) one.element.setAttribute("aria-pressed", String(query.getAll("state").includes(name)));
      if (document.activeElement !== input || !input.value) input.value = query.get("q") ?? "";
      sort.value = query.get("follow") ? "newest" : (query.get("sort") ?? "attention");
      const set_ = parts(query);
      const any = set_.length > 0 || query.has("state") || query.has("q");
      set.hidden = !any;
      fill(set, set_.map((part) => removable(part, ctx)), any && button("Clear the filter", () => ctx().setQuery(Object.fromEntries([...new Set(query.keys())].filter((k) => !["view", "sort", "follow", "at"].includes(k)).map((k) => [k, null]))), { class: "plain", icon: "close" }));
    },
    /** counts shows how many journeys are in each state. @param {Counts} all */
    counts(all) {
      for (const [name, one] of chips) {
        say(one.n, number(all[name] ?? 0));
        one.element.classList.toggle("none", !all[name]);
      }
    },
  };
}

/** @param {import("../types.js").State} name @param {() => void} onclick */
function chip(name, onclick) {
  const n = h("span", { class: "n" }, "0");
  const look = states[name];
  return { n, element: h("button", { type: "button", class: `chip tone-${look.tone}`, "aria-pressed": "false", title: look.text, onclick }, icon(look.icon, { size: 14 }), look.word, n) };
}

/** @param {{name: string, value: string, word: string}} part @param {() => Context} ctx */
function removable(part, ctx) {
  const text = part.name === "minMs" || part.name === "maxMs" ? `${part.word} ${part.value} ms` : `${part.word}: ${part.value}`;
  return h("button", { type: "button", class: "chip", title: "Remove this filter", "aria-label": `Remove the filter ${text}`,
    onclick: () => ctx().setQuery({ [part.name]: ctx().query.getAll(part.name).filter((value) => value !== part.value) }) }, text, icon("close", { size: 12 }));
}
