// Steady load: so many orders a second, for some time.
import { h, say } from "../../lib/dom.js";
import { api, problemOf } from "../../lib/api.js";
import { button } from "../../lib/blocks.js";
import { count, duration, number, rate } from "../../lib/format.js";
import { stream } from "../../lib/stream.js";
import { expected, failureOf, limits, loadOf } from "./choices.js";

/** @typedef {import("../../types.js").Load} Load */
/** @typedef {import("./choices.js").Choices} Choices */

/**
 * @param {{context: import("../../types.js").Context, changed: (now: Partial<Choices>) => void, choices: () => Choices}} needs
 */
export function newLoad({ context, changed, choices }) {
  const perSecond = h("input", { class: "input", id: "load-rate", type: "number", min: String(limits.leastRate), max: String(limits.rate), step: "any", onchange: () => changed({ rate: within(perSecond.value, limits.leastRate, limits.rate, 2) }) });
  const seconds = h("input", { class: "input", id: "load-seconds", type: "number", min: "1", max: String(limits.seconds), onchange: () => changed({ seconds: Math.round(within(seconds.value, 1, limits.seconds, 60)) }) });
  const words = h("p", { class: "small quiet" });
  const begin = button("Start the load", () => void start(), { icon: "play" });
  const end = button("Stop", () => void stop(), { icon: "pause", class: "danger" });
  const fill = h("span");
  const meter = h("div", { class: "meter", role: "progressbar", "aria-label": "Time of the load", "aria-valuemin": "0", "aria-valuemax": "100" }, fill);
  const told = h("p", { class: "small load-told" });
  const fault = h("p", { class: "wrong", role: "alert", hidden: true });
  /** @type {Load|null} */
  let load = null;

  const act = async (/** @type {() => Promise<Load>} */ change, /** @type {HTMLButtonElement} */ pressed) => {
    if (pressed.getAttribute("aria-busy") === "true") return;
    pressed.setAttribute("aria-busy", "true");
    fault.hidden = true;
    try {
      take((await change()) ?? load);
    } catch (thrown) {
      const refused = problemOf(thrown);
      fault.hidden = false;
      say(fault, refused.detail || refused.title);
    }
    pressed.removeAttribute("aria-busy");
  };
  const start = () => act(() => api.send("PUT", "/api/load", loadOf(choices())), begin);
  const stop = () => act(() => api.send("DELETE", "/api/load"), end);

  /** @param {Load|null} now */
  const take = (now) => {
    if (!now) return;
    if (load?.running && !now.running) context.announce(`The load has ended: ${count(now.placed, "order")} placed`);
    load = now;
    const held = [begin, end].some((one) => one === document.activeElement);
    begin.hidden = now.running;
    end.hidden = !now.running;
    if (held) (now.running ? end : begin).focus();
    tick();
  };
  const tick = () => {
    const begun = load !== null && (load.running || load.placed + load.refused > 0);
    meter.style.visibility = told.style.visibility = begun ? "visible" : "hidden";
    if (!load || !begun) return;
    const [from, to] = [Date.parse(load.started), Date.parse(load.ends)];
    const done = load.running && to > from ? Math.min(1, Math.max(0, (Date.now() - from) / (to - from))) : 1;
    fill.style.width = `${(done * 100).toFixed(1)}%`;
    meter.setAttribute("aria-valuenow", String(Math.round(done * 100)));
    const left = load.running ? `, ${duration(Math.max(0, Math.ceil((to - Date.now()) / 1000) * 1000))} left` : "";
    const what = [load.customerId ? `for ${load.customerId}` : "", load.failure ? `with ${load.failure}` : ""].filter(Boolean).join(" ");
    say(told, `${load.running ? `Running at ${rate(load.perSecond)}` : "Ended"}: ${number(load.placed)} placed, ${number(load.refused)} refused${left}${what ? ` (${what})` : ""}`);
  };
  const clock = setInterval(tick, 1000);
  const unlisten = stream.listen(["load"], null, { load: take });
  api.get("/api/load").then(take).catch(() => {});
  end.hidden = true;

  return {
    element: h("section", { class: "panel stack", "aria-labelledby": "load-title" }, h("h2", { id: "load-title" }, "Steady load"),
      h("div", { class: "row load-fields", style: { "--gap": "var(--s3)" } },
        h("div", { class: "field" }, h("label", { for: "load-rate" }, "Orders per second"), perSecond), h("div", { class: "field" }, h("label", { for: "load-seconds" }, "Seconds"), seconds)),
      words, fault, h("div", { class: "row" }, begin, end, h("a", { class: "button plain", href: "/journeys?sort=newest" }, "Watch the journeys")), meter, told),
    /** @param {Choices} now */
    show(now) {
      if (document.activeElement !== perSecond) perSecond.value = String(now.rate);
      if (document.activeElement !== seconds) seconds.value = String(now.seconds);
      const failure = failureOf(now);
      say(words, `About ${count(expected(now.rate, now.seconds), "order")}${now.customer ? ` for ${now.customer}` : ""}${failure ? `, each with ${failure}` : ""}. Customer and failure are those above.`);
    },
    close() {
      clearInterval(clock);
      unlisten();
    },
  };
}

/** @param {string} text @param {number} least @param {number} most @param {number} usual */
const within = (text, least, most, usual) => (Number.isFinite(Number(text)) && text.trim() !== "" ? Math.min(most, Math.max(least, Number(text))) : usual);
