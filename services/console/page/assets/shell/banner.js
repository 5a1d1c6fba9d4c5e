// The banner of what is switched on. It is on every view.
import { fill, h } from "../lib/dom.js";
import { icon } from "../lib/svg.js";
import { api, problemOf } from "../lib/api.js";
import { stream } from "../lib/stream.js";
import { button } from "../lib/blocks.js";
import { ago, count } from "../lib/format.js";
import { path } from "../lib/router.js";

/** @typedef {import("../types.js").Switch} Switch */

/**
 * start shows the switches that are on, and keeps them up to date.
 * @param {HTMLElement} banner
 * @param {{announce: (text: string) => void, toast: import("../types.js").Context["toast"]}} tell
 */
export function start(banner, tell) {
  let shown = "";
  const draw = (/** @type {Switch[]} */ board) => {
    const on = board.filter((one) => one.active);
    const now = on.map((one) => one.key).join(" ");
    const held = banner.contains(document.activeElement) ? document.activeElement?.getAttribute("data-focus") : null;
    banner.hidden = on.length === 0;
    document.documentElement.classList.toggle("failures-on", on.some((one) => one.kind === "failure"));
    if (!on.length) banner.replaceChildren();
    else fill(banner, heading(on), h("ul", { role: "list" }, on.map(item)), putBack(tell));
    if (held) /** @type {HTMLElement|null} */ (banner.querySelector(`[data-focus="${CSS.escape(held)}"]`))?.focus();
    if (now !== shown) tell.announce(on.length ? `${count(on.length, "switch is", "switches are")} on: ${on.map((one) => one.title).join(", ")}` : "Nothing is switched on");
    shown = now;
  };
  return stream.listen(["failures"], null, { failures: draw });
}

/** @param {Switch[]} on */
function heading(on) {
  const failures = on.filter((one) => one.kind === "failure").length;
  const text = failures === on.length ? count(failures, "failure") : failures === 0 ? count(on.length, "experiment") : count(on.length, "switch", "switches");
  return h("h2", null, icon("flag"), `${text} on`);
}

/** @param {Switch} one */
function item(one) {
  const active = one.active;
  const variant = active && one.variants.length > 1 ? ` = ${active.variant}` : "";
  const target = active?.customer ? ` for ${active.customer}` : active?.percent ? ` for ${active.percent}%` : "";
  const since = one.hits.since ? ago(Date.now() - Date.parse(one.hits.since)) : "";
  const query = new URLSearchParams({ failure: one.key });
  return h("li", { class: one.kind, title: `${one.title}. ${one.breaks}${since ? ` Switched ${since}.` : ""}` },
    h("a", { href: `${path("failures")}?key=${encodeURIComponent(one.key)}`, class: "mono", "data-focus": `key ${one.key}` }, `${one.key}${variant}${target}`),
    one.hits.orders > 0 ? h("a", { class: "hits", href: `/journeys?${query}`, "data-focus": `hits ${one.key}` }, `hit ${count(one.hits.orders, "order")}`) : h("span", { class: "hits" }, "no order hit yet"));
}

/** @param {{toast: import("../types.js").Context["toast"]}} tell */
const putBack = (tell) => {
  const element = button("Put all back", async () => {
    element.disabled = true;
    try {
      const mystery = await api.get("/api/mystery").catch(() => null);
      if (mystery && !confirm("A mystery is on. Putting all back ends it. Go on?")) return;
      await api.send("DELETE", "/api/failures");
      tell.toast("Everything is put back.", { tone: "done" });
    } catch (thrown) {
      tell.toast(`The switches were not put back. ${problemOf(thrown).message}`, { tone: "error" });
    } finally {
      element.disabled = false;
    }
  }, { icon: "undo", class: "put-back" });
  element.dataset.focus = "put back";
  return element;
};
