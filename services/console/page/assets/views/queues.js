// The queues of the broker: how each subscription stands, and its dead letters.
import { h, fill } from "../lib/dom.js";
import { api } from "../lib/api.js";
import { stream } from "../lib/stream.js";
import { empty as blank, failed as problem, loading } from "../lib/blocks.js";
import { head, note, slot } from "./pieces.js";
import { byAttention, summary } from "./queues/words.js";
import { newHistory } from "./queues/history.js";
import { newTable } from "./queues/table.js";
import { newOne } from "./queues/one.js";

/** @typedef {import("../types.js").QueueList} QueueList */

const history = newHistory(); // of the time since the page was loaded

/**
 * open shows all queues, or the queue of the address.
 * @param {import("../types.js").Context} ctx
 * @returns {import("../types.js").View}
 */
export function open(ctx) {
  const name = ctx.params.queue;
  const view = name ? newOne(ctx, name, history) : newAll();
  const away = h("div", { class: "away", hidden: true });
  const body = h("div", { class: "stack" }, loading(8));
  const element = h("div", { class: "stack queues" }, view.head, away, body);
  /** @type {QueueList|null} */
  let last = null;
  let drawn = false;

  /** @param {QueueList} list */
  const take = (list) => {
    const { broker } = list;
    const known = list.queues.length || broker.reachable ? list.queues : (last?.queues ?? []);
    last = { broker, queues: known };
    if (broker.reachable) history.take(known, Date.now());
    away.hidden = broker.reachable && !broker.detail;
    fill(away, away.hidden ? null : awayNote(broker, known.length > 0));
    body.classList.toggle("stale", !broker.reachable);
    if (!drawn) {
      fill(body, view.body);
      drawn = true;
      ctx.ready();
    }
    view.update(known, broker.reachable);
  };
  const failed = (/** @type {unknown} */ thrown) => {
    if (drawn) return;
    fill(body, problem(thrown, () => void read()));
    ctx.ready();
  };
  const read = async () => {
    try {
      take(await api.get("/api/queues"));
    } catch (thrown) {
      failed(thrown);
    }
  };
  void read();
  const stop = stream.listen(["queues"], null, { queues: take });
  return {
    title: name ?? "Queues", element, loading: true,
    close() {
      stop();
      view.close();
    },
  };
}

/** @param {QueueList["broker"]} broker @param {boolean} known */
function awayNote(broker, known) {
  if (broker.reachable) return note("wait", "waiting", "The broker answers in part", h("p", null, broker.detail));
  return note("error", "failed", "The broker does not answer", h("p", null, broker.detail),
    h("p", null, known ? "The numbers below are the last known ones. The page goes on by itself when the broker is back." : "The page goes on by itself when the broker is back."));
}

function newAll() {
  const words = slot("Reading the broker …");
  const table = newTable(history);
  const empty = blank({ title: "There are no queues", text: "The topology of the broker has no subscription yet." });
  const body = h("div", null, table.element, empty);
  empty.hidden = true;
  return {
    head: head("Queues", words),
    body,
    /** @param {import("../types.js").Queue[]} queues @param {boolean} reachable */
    update(queues, reachable) {
      words.textContent = reachable ? summary(queues) : queues.length ? "The last known numbers" : "No numbers yet";
      empty.hidden = queues.length > 0 || !reachable;
      table.element.hidden = queues.length === 0;
      table.update(byAttention(queues));
    },
    close() {},
  };
}
