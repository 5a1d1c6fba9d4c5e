// The counter: orders of one or many, steady load, and where they are.
import { h, fill } from "../lib/dom.js";
import { api, problemOf } from "../lib/api.js";
import { loading, failed } from "../lib/blocks.js";
import { count } from "../lib/format.js";
import { head } from "./pieces.js";
import { orderOf, read, write } from "./counter/choices.js";
import { newForm } from "./counter/form.js";
import { newLoad } from "./counter/load.js";
import { newPlaced } from "./counter/placed.js";

/** @typedef {import("./counter/choices.js").Choices} Choices */

const placed = newPlaced(); // of the time since the page was loaded

/**
 * @param {import("../types.js").Context} ctx
 * @returns {import("../types.js").View}
 */
export function open(ctx) {
  let context = ctx;
  let choices = read(ctx.query);
  const body = h("div", { class: "counter-body" }, loading(6, "4rem"));
  const element = h("div", { class: "stack counter" }, head("Counter", "Order pizza. Each order becomes a journey through the services."), body);
  let opened = true;
  /** @type {ReturnType<typeof newForm>|null} */
  let form = null;
  /** @type {ReturnType<typeof newLoad>|null} */
  let load = null;
  const list = placed.open();

  const changed = (/** @type {Partial<Choices>} */ now) => {
    choices = { ...choices, ...now };
    context.setQuery(write(choices), { replace: true });
    form?.show(choices);
    load?.show(choices);
  };
  const order = async () => {
    form?.busy(true);
    try {
      /** @type {import("../types.js").OrdersAnswer} */
      const answer = await api.send("POST", "/api/orders", orderOf(choices));
      list.add(answer, choices);
      const text = answer.orders.length ? `${count(answer.orders.length, "order")} placed` : "No order was placed";
      context.announce(answer.refused?.length ? `${text}, ${count(answer.refused.length, "order")} refused` : text);
      form?.wrong("");
    } catch (thrown) {
      const refused = problemOf(thrown);
      form?.wrong(refused.detail ? `${refused.title}: ${refused.detail}` : refused.title);
    } finally {
      form?.busy(false);
    }
  };
  const start = async () => {
    try {
      const [menu, board] = await Promise.all([
        /** @type {Promise<import("../types.js").Menu>} */ (api.get("/api/menu")),
        /** @type {Promise<import("../types.js").Switch[]>} */ (context.about.parts.failures ? api.get("/api/board").catch(() => []) : Promise.resolve([])),
      ]);
      if (!opened) return;
      form = newForm({ menu: menu.items ?? [], board, changed, order: () => void order() });
      load = newLoad({ context, changed, choices: () => choices });
      form.show(choices);
      load.show(choices);
      fill(body, h("div", { class: "stack counter-side", style: { "--gap": "var(--s5)" } }, form.element, load.element), list.element);
    } catch (thrown) {
      fill(body, failed(thrown, () => void start()), list.element);
    }
    context.ready();
  };
  void start();
  return {
    title: "Counter", element, loading: true,
    update(now) {
      context = now;
      const next = read(now.query);
      if (JSON.stringify(next) === JSON.stringify(choices)) return;
      choices = next;
      form?.show(choices);
      load?.show(choices);
    },
    close() {
      opened = false;
      load?.close();
      list.close();
    },
  };
}
