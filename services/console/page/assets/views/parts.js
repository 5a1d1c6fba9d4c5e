// The parts of the system: healthy or not, where they are, and what to do.
import { h, fill } from "../lib/dom.js";
import { api } from "../lib/api.js";
import { failed, loading } from "../lib/blocks.js";
import { count } from "../lib/format.js";
import { stream } from "../lib/stream.js";
import { head, note, slot } from "./pieces.js";
import { memoryPanel, topologyPanel, versionsPanel } from "./parts/panels.js";
import { partCard } from "./parts/card.js";
import { byHealth } from "./parts/advice.js";

/** @typedef {import("../types.js").Parts} Parts */

/**
 * @param {import("../types.js").Context} ctx
 * @returns {import("../types.js").View}
 */
export function open(ctx) {
  const words = slot("Asking every part …");
  const away = h("div", { "aria-live": "polite" });
  const body = h("div", { class: "stack", style: { "--gap": "var(--s5)" } }, loading(6, "4rem"));
  let drawn = "";

  /** @param {Parts} now */
  const take = (now) => {
    const shape = JSON.stringify(now);
    ctx.ready();
    if (shape === drawn) return;
    drawn = shape;
    const sick = now.parts.filter((part) => !part.healthy);
    words.textContent = sick.length ? `${count(sick.length, "part")} of ${now.parts.length} ${sick.length === 1 ? "is" : "are"} away.` : `All ${now.parts.length} parts are healthy.`;
    fill(away, sick.length ? note("error", "failed", `${sick.map((part) => part.name).join(", ")}: away`, h("p", null, "The rest works. The page goes on by itself when it is back.")) : null);
    fill(body,
      h("section", { "aria-label": "Parts" }, h("ul", { role: "list", class: "parts-list panel flush" }, byHealth(now.parts).map(partCard))),
      h("div", { class: "grid", style: { "--least": "20rem" } }, memoryPanel(now.memory, now.streams), topologyPanel(now.topology), versionsPanel(now.versions, ctx.about)));
  };
  const read = async () => {
    try {
      take(await api.get("/api/parts"));
    } catch (thrown) {
      if (!drawn) fill(body, failed(thrown, () => void read()));
      ctx.ready();
    }
  };
  void read();
  const stop = stream.listen(["parts"], null, { parts: take });
  return { title: "Parts", element: h("div", { class: "stack health" }, head("Parts", words), away, body), loading: true, close: stop };
}
