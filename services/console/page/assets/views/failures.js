// The failure board: every switch of the catalogue, and what is on.
import { h, fill } from "../lib/dom.js";
import { api, problemOf } from "../lib/api.js";
import { button, empty, failed, loading } from "../lib/blocks.js";
import { count } from "../lib/format.js";
import { keys } from "../lib/keys.js";
import { stream } from "../lib/stream.js";
import { ask, head, note, slot } from "./pieces.js";
import { filtered, grouped } from "./failures/groups.js";
import { newCard } from "./failures/card.js";
import { active } from "./failures/active.js";

/** @typedef {import("../types.js").Switch} Switch */

/**
 * @param {import("../types.js").Context} ctx
 * @returns {import("../types.js").View}
 */
export function open(ctx) {
  let context = ctx;
  /** @type {Switch[]} */
  let board = [];
  let mystery = false;
  /** @type {Map<string, ReturnType<typeof newCard>>} */
  const cards = new Map();
  const words = slot("Reading the catalogue …");
  const field = h("input", {
    class: "input", type: "search", placeholder: "Filter the switches", "aria-label": "Filter the switches", value: ctx.query.get("q") ?? "",
    oninput: () => context.setQuery({ q: field.value }, { replace: true }),
  });
  const back = button("Put all back", () => void putBack(), { icon: "undo" });
  const secret = h("div", { hidden: true }, note("injected", "help", "A mystery is on",
    h("p", null, "Its switch is set and not shown here. Put all back would end the game. ", h("a", { href: "/scenarios/mystery" }, "Back to the mystery"))));
  const on = h("section", { class: "board-on", "aria-label": "What is on" });
  const body = h("div", { class: "stack board" }, loading(6, "6rem"));
  const element = h("div", { class: "stack failures" }, head("Failure board", words, h("div", { class: "board-filter" }, field), back), secret, on, body);

  /** @param {() => Promise<unknown>} change @param {string} done @param {HTMLButtonElement} [pressed] */
  const send = async (change, done, pressed) => {
    if (pressed?.getAttribute("aria-busy") === "true") return false;
    pressed?.setAttribute("aria-busy", "true"); // a disabled button would lose the focus
    try {
      await change();
      context.announce(done);
      take(await api.get("/api/board"));
      return true;
    } catch (thrown) {
      const refused = problemOf(thrown);
      context.toast(refused.detail || refused.title, { tone: "error" });
      return false;
    } finally {
      pressed?.removeAttribute("aria-busy");
    }
  };
  const act = {
    /** @param {Switch} one @param {object} setting @param {HTMLButtonElement} [pressed] */
    set: (one, setting, pressed) => send(() => api.send("PUT", `/api/failures/${encodeURIComponent(one.key)}`, setting), `${one.title}: on`, pressed),
    /** @param {Switch} one @param {HTMLButtonElement} [pressed] */
    clear: (one, pressed) => send(() => api.send("DELETE", `/api/failures/${encodeURIComponent(one.key)}`), `${one.title}: off`, pressed),
  };
  const putBack = async () => {
    if (mystery && !(await ask("End the mystery?", "A mystery is on. Putting all back also clears its switch, and there is nothing left to find.", "Put all back"))) return;
    if (await send(() => api.send("DELETE", "/api/failures"), "Everything is put back", back)) context.toast("Everything is put back", { tone: "done" });
  };

  const draw = () => {
    const found = filtered(board, context.query.get("q") ?? "");
    const chosen = context.query.get("key") ?? "";
    for (const one of board) cards.get(one.key)?.update(one);
    const shape = JSON.stringify(found.map((one) => one.key));
    if (body.dataset.shape === shape) return;
    body.dataset.shape = shape;
    fill(body, found.length ? grouped(found).map((group) => h("section", { class: "stack board-group" },
      h("header", null, h("h2", null, group.title), h("p", { class: "small quiet" }, group.text)),
      h("div", { class: "board-cards" }, group.entries.map((one) => cards.get(one.key)?.element))))
      : empty({ icon: "search", title: "No switch matches", text: "The filter looks at names and all texts.", actions: [button("Show all", () => {
        field.value = "";
        context.setQuery({ q: null }, { replace: true });
      })] }));
    cards.get(chosen)?.show();
  };
  /** @param {Switch[]} now */
  const take = (now) => {
    board = now;
    for (const one of now) if (!cards.has(one.key)) cards.set(one.key, newCard(one, act));
    const set = now.filter((one) => one.active);
    words.textContent = `${count(now.filter((one) => one.kind === "failure").length, "failure")} and ${count(now.filter((one) => one.kind === "experiment").length, "experiment")}. They act within a second, without a restart.`;
    back.hidden = !mystery; // the banner of the page has the same button while something is seen to be on
    const shape = JSON.stringify([set, mystery]);
    if (on.dataset.shape !== shape) {
      on.dataset.shape = shape;
      const held = on.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement).dataset.off : undefined;
      fill(on, active(set, act, mystery));
      const next = held ? (on.querySelector(`[data-off="${CSS.escape(held)}"]`) ?? on.querySelector("button") ?? field) : null;
      if (next instanceof HTMLElement) next.focus();
    }
    draw();
    context.ready();
  };
  const read = async () => {
    try {
      take(await api.get("/api/board"));
    } catch (thrown) {
      delete body.dataset.shape;
      fill(body, failed(thrown, () => void read()));
      context.ready();
    }
  };
  let asked = 0;
  const readMystery = async () => {
    if (Date.now() - asked < 3000) return;
    asked = Date.now();
    mystery = context.about.parts.scenarios && Boolean(await api.get("/api/mystery").catch(() => null));
    secret.hidden = !mystery;
    if (board.length) take(board);
  };
  void read();
  void readMystery();
  const stop = stream.listen(["failures"], null, { failures: (now) => {
    take(now);
    void readMystery();
  } });
  const unbind = keys.add("Failure board", "/", "Filter the switches", () => field.focus());
  return {
    title: "Failure board", element, loading: true,
    update(now) {
      context = now;
      if (document.activeElement !== field) field.value = now.query.get("q") ?? "";
      draw();
      cards.get(now.query.get("key") ?? "")?.show();
    },
    close() {
      stop();
      unbind();
    },
  };
}
