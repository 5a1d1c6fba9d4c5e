// The mystery: a failure is on, and no span says which.
import { h, fill } from "../lib/dom.js";
import { api, problemOf } from "../lib/api.js";
import { failed, loading } from "../lib/blocks.js";
import { icon } from "../lib/svg.js";
import { ask, head, note, slot } from "./pieces.js";
import { startPanel } from "./mystery/start.js";
import { newGame } from "./mystery/game.js";
import { solution } from "./mystery/solution.js";

/** @typedef {import("../types.js").Mystery} Mystery */
/** @typedef {import("../types.js").Verdict} Verdict */

// What this page knows of the game that goes on, and the API does not tell again.
/** @type {{started: string, hints: string[], guesses: string[][]}} */
const memory = { started: "", hints: [], guesses: [] };

/**
 * @param {import("../types.js").Context} ctx
 * @returns {import("../types.js").View}
 */
export function open(ctx) {
  const words = slot("Something is broken, and no span says what.");
  const fault = h("div", { "aria-live": "polite" });
  const body = h("div", { class: "stack", style: { "--gap": "var(--s5)" } }, loading(4, "6rem"));
  let opened = true;
  /** @type {ReturnType<typeof newGame>|null} */
  let game = null;

  /** @template T @param {() => Promise<T>} change @returns {Promise<T|null>} */
  const act = async (change) => {
    fill(fault);
    try {
      return await change();
    } catch (thrown) {
      const refused = problemOf(thrown);
      fill(fault, note("error", "failed", refused.title, h("p", null, refused.detail)));
      return null;
    }
  };
  /** @param {Mystery|null} mystery */
  const show = (mystery) => {
    game?.close();
    game = null;
    if (!mystery) return fill(body, startPanel(begin));
    if (memory.started !== mystery.started) Object.assign(memory, { started: mystery.started, hints: [], guesses: [] });
    game = newGame(ctx, mystery, memory, { hint, guess, giveUp });
    fill(body, game.element);
  };
  const begin = async (/** @type {number} */ level, /** @type {string} */ seed) => {
    const started = await act(() => api.send("POST", "/api/mystery", seed ? { level, seed: Number(seed) } : { level }));
    if (started && opened) show(started);
    if (started) ctx.announce("The mystery has begun. Four orders are placed.");
    return Boolean(started);
  };
  const hint = async () => {
    const given = await act(() => api.send("POST", "/api/mystery/hint"));
    if (!given) return;
    if (!memory.hints.includes(given.hint)) memory.hints.push(given.hint);
    ctx.announce(`Hint: ${given.hint}`);
    await again();
  };
  const guess = async (/** @type {string[]} */ keys) => {
    /** @type {Verdict|null} */
    const verdict = await act(() => api.send("POST", "/api/mystery/guess", { keys }));
    if (!verdict) return;
    if (verdict.solved) return end(verdict);
    memory.guesses.push(keys);
    const right = verdict.right ?? [];
    ctx.announce(right.length ? `Not yet. ${right.join(" and ")} is right.` : "No. Look again.");
    game?.wrong(keys, right);
    await again();
  };
  const giveUp = async () => {
    if (!(await ask("Give up?", "You will see what it was, and the switch is put back.", "Give up"))) return;
    /** @type {Verdict|null} */
    const verdict = await act(() => api.send("DELETE", "/api/mystery"));
    if (verdict) end(verdict);
  };
  /** @param {Verdict} verdict */
  const end = (verdict) => {
    const score = game?.score() ?? { hints: 0, guesses: 0 };
    game?.close();
    game = null;
    ctx.announce(verdict.solved ? "Solved" : "The mystery is over");
    fill(body, solution(verdict, score, () => show(null)));
    window.scrollTo({ top: 0 });
    body.querySelector("h2")?.focus();
  };
  /** again reads the counts of hints and guesses. */
  const again = async () => {
    const mystery = await api.get("/api/mystery").catch(() => null);
    if (mystery && opened) game?.update(mystery);
  };
  const read = async () => {
    try {
      const mystery = await api.get("/api/mystery");
      if (opened) show(mystery);
    } catch (thrown) {
      fill(body, failed(thrown, () => void read()));
    }
    ctx.ready();
  };
  void read();
  return {
    title: "The mystery", loading: true,
    element: h("div", { class: "stack mystery" },
      h("nav", { "aria-label": "Breadcrumb", class: "small" }, h("a", { href: "/scenarios", class: "row" }, icon("left", { size: 12 }), "All scenarios")), head("The mystery", words), fault, body),
    close() {
      opened = false;
      game?.close();
    },
  };
}
