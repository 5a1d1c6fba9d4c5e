// One queue: its numbers, its dead letters, and what was redriven.
import { fill, h, say } from "../../lib/dom.js";
import { api, problemOf } from "../../lib/api.js";
import { clock, count, duration, number } from "../../lib/format.js";
import { path } from "../../lib/router.js";
import { icon } from "../../lib/svg.js";
import { badge, button, empty, failed, loading } from "../../lib/blocks.js";
import { ask, head, note, slot } from "../pieces.js";
import { attention, consumersText, drain, numberOf, paceOf } from "./words.js";
import { newRedriven } from "./history.js";
import { letterOf } from "./letter.js";
import { sparkline } from "./table.js";

/** @typedef {import("../../types.js").Queue} Queue */
/** @typedef {import("../../types.js").Letter} Letter */

const redriven = newRedriven(); // since the page was loaded
const most = 20; // letters that are read
const widest = 100; // if the letter of one journey is looked for
const shown = 5; // redriven ones

/**
 * @param {import("../../types.js").Context} ctx
 * @param {string} name
 * @param {ReturnType<typeof import("./history.js").newHistory>} history
 */
export function newOne(ctx, name, history) {
  const words = slot("Reading the broker …");
  const figures = h("dl", { class: "figures panel" });
  const chart = sparkline({ width: 320, height: 56 });
  const letters = h("div", { class: "stack letters", "aria-live": "off" }, loading(2, "4rem"));
  const title = h("h2", { tabindex: "-1" }, "Dead letters");
  const all = button("Redrive all", () => void redriveAll(), { icon: "undo" });
  all.hidden = true;
  const done = h("section", { class: "stack", hidden: true, "aria-label": "Redriven" });
  let dead = -1;
  let asked = 0;
  let seen = false; // the letter of the journey in the address is opened once

  const read = async () => {
    const mine = ++asked;
    try {
      /** @type {Letter[]} */
      const found = await api.get(`/api/dead/${encodeURIComponent(name)}?limit=${ctx.query.get("journey") ? widest : most}`);
      if (mine === asked) show(found);
    } catch (thrown) {
      if (mine === asked) fill(letters, failed(thrown, () => void read()));
    }
  };
  /** @param {Letter[]} found */
  const show = (found) => {
    const held = letters.contains(document.activeElement);
    const open = new Set([...letters.querySelectorAll("details[open]")].map((el) => /** @type {HTMLElement} */ (el).dataset.letter));
    const wanted = dead < 0 || seen ? "" : ctx.query.get("journey");
    seen ||= found.length > 0;
    fill(letters, found.length ? found.map((letter) => letterOf(letter, open.has(letter.messageId) || (Boolean(wanted) && letter.conversationId === wanted), (button) => void redriveOne(letter, button)))
      : empty({ icon: "done", title: "No dead letter", text: "A message that uses up its attempts comes here, with the reason and the failing span." }),
    dead > found.length && found.length > 0 ? h("p", { class: "small quiet" }, `These are the oldest ${found.length} of ${number(dead)}.`) : null);
    if (wanted) letters.querySelector("details[open]")?.scrollIntoView({ block: "start" });
    if (held) (letters.querySelector("summary") ?? title).focus(); // the pressed button is gone
  };
  /** @param {unknown} body @param {string} what */
  const redrive = async (body, what) => {
    const sent = await api.send("POST", `/api/dead/${encodeURIComponent(name)}/redrive`, body);
    redriven.add(name, sent, Date.now());
    showRedriven();
    ctx.toast(sent.length === 1 ? `${what} was redriven` : `${count(sent.length, "letter")} redriven`, { tone: "done" });
    ctx.announce(`${count(sent.length, "letter")} redriven`);
    await read();
  };
  /** @param {Letter} letter @param {HTMLButtonElement} pressed */
  const redriveOne = async (letter, pressed) => {
    pressed.disabled = true;
    try {
      await redrive({ messageId: letter.messageId }, letter.event || "The letter");
    } catch (thrown) {
      pressed.disabled = false;
      ctx.toast(problemOf(thrown).message, { tone: "error" });
    }
  };
  const redriveAll = async () => {
    const yes = await ask(`Redrive ${count(dead, "dead letter")}?`, `Each of them goes back to ${name}, with new attempts. If the cause is still there, they die again.`, `Redrive ${number(dead)}`);
    if (!yes) return;
    all.disabled = true;
    try {
      await redrive({}, "The letter");
    } catch (thrown) {
      ctx.toast(problemOf(thrown).message, { tone: "error" });
    }
    all.disabled = false;
  };
  const showRedriven = () => {
    const list = redriven.of(name);
    done.hidden = list.length === 0;
    fill(done, h("h2", null, "Redriven"), h("ul", { role: "list", class: "redriven panel" }, list.slice(0, shown).map((one) => h("li", { class: "row" },
      badge("redriven", { tone: "done", icon: "undo" }), h("span", { class: "mono cut" }, one.messageId), h("span", { class: "quiet small" }, clock(one.at)),
      h("a", { href: path("journeys", one.conversationId || one.traceId) }, "its journey"))), list.length > shown ? h("li", { class: "small quiet" }, `and ${count(list.length - shown, "other")}`) : null));
  };
  showRedriven();

  return {
    head: h("div", { class: "stack", style: { "--gap": "var(--s1)" } },
      h("nav", { "aria-label": "Breadcrumb", class: "small" }, h("a", { href: "/queues", class: "row" }, icon("left", { size: 12 }), "All queues")), head(name, words)),
    body: h("div", { class: "stack", style: { "--gap": "var(--s5)" } }, figures, done,
      h("section", { class: "stack", "aria-label": "Dead letters" }, h("div", { class: "row apart" }, title, all), letters)),
    /** @param {Queue[]} queues @param {boolean} reachable */
    update(queues, reachable) {
      const queue = queues.find((one) => one.queue === name);
      if (!queue) {
        say(words, reachable ? "The topology has no subscription of this name." : "Not known yet");
        if (reachable && dead < 0) fill(letters, note("wait", "help", "There is no such queue", h("p", null, h("a", { href: "/queues" }, "See all queues"))));
        return;
      }
      const level = attention(queue);
      say(words, level.text);
      fill(figures, tiles(queue), h("div", { class: "figure wide" }, h("dt", null, "Rates of the last 3 minutes", h("span", { class: "rate-key is-in" }), "in", h("span", { class: "rate-key" }), "out"), h("dd", null, chart.element)));
      chart.update(history.of(name), Date.now());
      all.hidden = queue.dead < 2;
      say(title, queue.dead ? `Dead letters (${number(queue.dead)})` : "Dead letters");
      if (queue.dead !== dead) {
        dead = queue.dead;
        void read();
      }
    },
    close() {
      asked++;
    },
  };
}

/** @param {Queue} queue */
const tiles = (queue) => /** @type {[string, string, string][]} */ ([
  ["Ready", number(queue.ready), ""], ["Unacked", numberOf(queue.unacked), ""], ["Consumers", consumersText(queue.consumers), queue.consumers === 0 ? "is-error" : ""],
  ["In", paceOf(queue.inPerSecond), ""], ["Out", paceOf(queue.outPerSecond), ""],
  ["Oldest", queue.oldestMs === null ? "none waits" : duration(queue.oldestMs), ""],
  ["Drained", drain(queue), ""], ["Retry", number(queue.retry), queue.retry ? "is-backoff" : ""],
]).map(([term, value, look]) => h("div", { class: "figure" }, h("dt", null, term), h("dd", { class: look }, value)));
