// Chooses a journey to compare.
import { fill, h } from "../../lib/dom.js";
import { icon } from "../../lib/svg.js";
import { aborted, api, problemOf } from "../../lib/api.js";
import { button } from "../../lib/blocks.js";
import { ago, duration, short } from "../../lib/format.js";
import { path } from "../../lib/router.js";
import { nameOf, titleOf } from "../../lib/names.js";
import { stateOf } from "../../lib/state.js";

/** @typedef {import("../../types.js").Row} Row */

/** offered is the number of journeys to choose from. */
const offered = 8;

/**
 * pick makes one side of the choice.
 * @param {"A" | "B"} side
 * @param {(id: string | null) => void} choose
 * @param {() => string} other the id of the other side, which is left out
 */
export function pick(side, choose, other) {
  const list = h("ul", { class: "cmp-list", role: "list" });
  const field = h("input", { class: "input", type: "search", id: `pick-${side}`, placeholder: "Order, trace, customer, event", oninput: () => later() });
  const card = h("div", { class: "cmp-card" });
  const search = h("div", { class: "stack", style: { "--gap": "var(--s2)" } },
    h("div", { class: "row tight" }, h("label", { class: "unseen", for: `pick-${side}` }, `Search a journey for ${side}`), field,
      button("Last good one", () => void lastGood(), { icon: "done", title: "The newest journey that is done, without failures and errors" })), list);
  const element = h("section", { class: `panel cmp-pick is-${side.toLowerCase()}`, "aria-label": `Journey ${side}` }, h("h2", null, h("span", { class: "cmp-letter" }, side)), card, search);
  /** @type {AbortController | null} */
  let request = null;
  let timer = 0;
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(load, 200);
  };

  /** @param {Record<string, string>} query @returns {Promise<Row[]>} */
  async function ask(query) {
    request?.abort();
    request = new AbortController();
    const answer = await api.get(`/api/journeys?${new URLSearchParams(query)}`, { signal: request.signal });
    return answer.journeys.filter((/** @type {Row} */ row) => row.id !== other());
  }

  async function load() {
    const text = field.value.trim();
    try {
      const rows = await ask({ sort: "newest", limit: String(offered + 1), ...(text ? { q: text } : {}) });
      fill(list, rows.slice(0, offered).map((row) => h("li", null, h("button", { type: "button", class: "cmp-option", onclick: () => choose(row.id) }, summary(row)))),
        !rows.length && h("li", { class: "small quiet" }, text ? "No journey has this text. " : "No other journeys yet. ", text && button("Use it as an id", () => choose(text), { class: "plain" })));
    } catch (thrown) {
      if (!aborted(thrown)) fill(list, h("li", { class: "small quiet" }, problemOf(thrown).message));
    }
  }

  async function lastGood() {
    try {
      const rows = await ask({ state: "done", failure: "none", sort: "newest", limit: "50" });
      const good = rows.find((row) => row.errors === 0 && row.dead === 0);
      if (good) choose(good.id);
      else fill(list, h("li", { class: "small quiet" }, "No journey is done without failures and errors."));
    } catch (thrown) {
      if (!aborted(thrown)) fill(list, h("li", { class: "small quiet" }, problemOf(thrown).message));
    }
  }

  return {
    element,
    /** show shows the chosen journey, or the choice. row is null while it is not known. @param {string} id @param {Row | null} row */
    show(id, row) {
      search.hidden = id !== "";
      if (!id) void load();
      fill(card, id && [h("a", { href: path("journeys", id), class: "cmp-chosen" }, row ? summary(row) : h("span", { class: "mono" }, short(id, 40))), button(`Choose another ${side}`, () => choose(null), { icon: "close", iconOnly: true, class: "plain" })]);
    },
  };
}

/** @param {Row} row */
const summary = (row) => {
  const meaning = stateOf(row.state);
  return [h("span", { class: `state tone-${meaning.tone}`, title: meaning.text }, icon(meaning.icon), h("span", { class: "unseen" }, meaning.word)),
    h("span", { class: "cmp-what" }, h("span", { class: "cut" }, titleOf(row)), h("span", { class: "tiny quiet cut" }, `${nameOf(row) === row.root ? short(row.id, 14) : row.root} · ${ago(Date.now() - Date.parse(row.start))}`, row.failures.map((key) => ` ⚑ ${key}`))),
    h("span", { class: "strong nowrap" }, duration(row.durationMs))];
};
