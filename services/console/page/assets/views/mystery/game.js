// The game: the orders of the mystery, the hints, and the suspects.
import { attribute, fill, h, say } from "../../lib/dom.js";
import { badge, button } from "../../lib/blocks.js";
import { ago, count, listed } from "../../lib/format.js";
import { path } from "../../lib/router.js";
import { icon } from "../../lib/svg.js";
import { stateOf } from "../../lib/state.js";
import { stream } from "../../lib/stream.js";

/** @typedef {import("../../types.js").Mystery} Mystery */

/**
 * @param {import("../../types.js").Context} ctx
 * @param {Mystery} mystery
 * @param {{hints: string[], guesses: string[][]}} memory
 * @param {{hint: () => Promise<void>, guess: (keys: string[]) => Promise<void>, giveUp: () => Promise<void>}} act
 */
export function newGame(ctx, mystery, memory, act) {
  let now = mystery;
  /** @type {Set<string>} */
  const chosen = new Set();
  const counts = h("span", { class: "small quiet" });
  const hints = h("ol", { class: "hints" });
  const hintButton = button("Ask for a hint", () => void pressed(hintButton, act.hint), { icon: "help" });
  const told = h("p", { class: "guess-told", role: "status" });
  const accuse = button("Accuse", () => void pressed(accuse, () => act.guess([...chosen])), { class: "primary" });
  /** @type {Map<string, HTMLButtonElement>} */
  const cards = new Map((mystery.suspects ?? []).map((one) => [one.key, h("button", { type: "button", class: "suspect panel", "aria-pressed": "false", dataset: { suspect: one.key }, onclick: () => toggle(one.key) },
    h("span", { class: "strong" }, one.title), h("code", { class: "tiny quiet" }, one.key), h("span", { class: "suspect-mark" }))]));
  const orders = newOrders(mystery.orders ?? []);

  const pressed = async (/** @type {HTMLButtonElement} */ one, /** @type {() => Promise<void>} */ fn) => {
    if (one.getAttribute("aria-busy") === "true") return;
    one.setAttribute("aria-busy", "true");
    await fn();
    one.removeAttribute("aria-busy");
    draw();
  };
  /** @param {string} key */
  const toggle = (key) => {
    if (chosen.has(key)) chosen.delete(key);
    else {
      if (chosen.size >= now.keys) chosen.delete([...chosen][0] ?? "");
      chosen.add(key);
    }
    draw();
  };
  const draw = () => {
    for (const [key, card] of cards) {
      const wrong = now.keys === 1 && memory.guesses.some((guess) => guess.includes(key));
      attribute(card, "aria-pressed", String(chosen.has(key)));
      card.classList.toggle("is-cleared", wrong);
      card.disabled = wrong;
      const mark = /** @type {HTMLElement} */ (card.querySelector(".suspect-mark"));
      say(mark, wrong ? "innocent" : chosen.has(key) ? "accused" : "");
    }
    const names = [...chosen].map((key) => mystery.suspects.find((one) => one.key === key)?.title ?? key);
    accuse.disabled = chosen.size !== now.keys;
    say(accuse, chosen.size < now.keys ? (now.keys === 1 ? "Choose a suspect" : `Choose ${now.keys} suspects`) : `Accuse: ${listed(names)}`);
    say(counts, `Level ${now.level}, begun ${ago(Date.now() - Date.parse(now.started))}. ${count(now.hints, "hint")}, ${count(now.guesses, "wrong guess", "wrong guesses")}.`);
    fill(hints, memory.hints.map((text) => h("li", null, text)));
    hints.hidden = memory.hints.length === 0;
  };
  draw();

  return {
    element: h("div", { class: "stack game", style: { "--gap": "var(--s5)" } },
      h("div", { class: "row apart" }, counts, button("Give up", () => void act.giveUp(), { class: "plain" })),
      h("section", { class: "stack", "aria-labelledby": "evidence" }, h("h2", { id: "evidence" }, "The evidence"),
        h("p", { class: "small quiet" }, `Orders of ${mystery.customer}. Open their journeys, and compare them with a good one.`), orders.element,
        h("div", { class: "row" }, h("a", { class: "button", href: `/journeys?customer=${encodeURIComponent(mystery.customer)}` }, "All their journeys"), ctx.about.parts.queues ? h("a", { class: "button", href: "/queues" }, "Queues and dead letters") : null,
          h("a", { class: "button", href: "/counter" }, "Order one without a failure"))),
      h("section", { class: "stack panel", "aria-labelledby": "hints-title" }, h("div", { class: "row apart" }, h("h2", { id: "hints-title" }, "Hints"), hintButton),
        hints, h("p", { class: "small quiet" }, "First the group, then the place, then what Jaeger shows. A page that is loaded anew does not have the hints that were given before.")),
      h("section", { class: "stack", "aria-labelledby": "suspects-title" }, h("h2", { id: "suspects-title" }, now.keys === 1 ? "The suspects" : `The suspects: ${now.keys} of them did it`),
        h("div", { class: "suspects" }, [...cards.values()]), h("div", { class: "accuse row" }, accuse, told))),
    /** @param {string[]} keys @param {string[]} right */
    wrong(keys, right) {
      for (const key of keys) if (!right.includes(key)) chosen.delete(key);
      fill(told, icon("failed"), right.length ? `Not yet: ${listed(right)} is right.` : keys.length > 1 ? "Neither of them. Look again." : "Not this one. Look again.");
    },
    /** @param {Mystery} next */
    update(next) {
      now = next;
      draw();
    },
    score: () => ({ hints: now.hints, guesses: now.guesses }),
    close: orders.close,
  };
}

/** newOrders shows the orders of the mystery with their states. @param {string[]} ids */
function newOrders(ids) {
  const states = new Map(ids.map((id) => [id, h("span", { class: "small quiet" }, "no span yet")]));
  const filter = new URLSearchParams();
  for (const id of ids) filter.append("id", id);
  const stop = ids.length ? stream.listen(["journeys"], filter, { journeys: (/** @type {import("../../types.js").JourneysEvent} */ event) => {
    for (const row of event.upsert ?? []) {
      const state = states.get(row.id);
      const meaning = stateOf(row.state);
      if (state) fill(state, badge(meaning.word, { tone: meaning.tone, icon: meaning.icon }));
    }
  } }) : () => {};
  const element = ids.length
    ? h("ol", { role: "list", class: "evidence" }, ids.map((id, i) => h("li", null, h("a", { class: "panel exhibit", href: path("journeys", id) }, h("span", { class: "strong" }, `Order ${i + 1}`), h("code", { class: "tiny quiet cut" }, id), states.get(id)))))
    : h("p", { class: "small quiet" }, "No order was accepted. That may be the clue.");
  return { element, close: stop };
}
