// Pause, follow, list or lanes, and the way back in time.
import { fill, h, say } from "../lib/dom.js";
import { icon } from "../lib/svg.js";
import { button } from "../lib/blocks.js";
import { age, clock, count } from "../lib/format.js";

/**
 * controls makes the controls beside the title.
 * @param {{pause: () => void, follow: () => void, view: (name: string|null) => void, at: (ms: number|null) => void}} act
 */
export function controls(act) {
  const pause = button("Pause", act.pause, { icon: "pause", pressed: false, class: "j-pause" });
  const follow = button("Follow", act.follow, { icon: "follow", pressed: false, title: "Keep the newest in view" });
  const asList = button("List", () => act.view(null), { icon: "list", pressed: true });
  const asLanes = button("Lanes", () => act.view("lanes"), { icon: "lanes", pressed: false });
  const range = h("input", { type: "range", id: "j-at", min: "0", max: "1000", value: "1000", step: "1", oninput: () => slide() });
  const when = h("output", { class: "small nowrap", for: "j-at" }, "now");
  const live = button("Back to now", () => act.at(null), { class: "plain" });
  const past = h("div", { class: "j-past" }, h("label", { class: "label", for: "j-at" }, icon("clock"), h("span", null, "Time")), range, when, live);
  const element = h("div", { class: "row", style: { "--gap": "var(--s2)" } },
    h("div", { class: "button-group", role: "group", "aria-label": "Form" }, asList, asLanes), pause, follow);
  let from = 0;
  let to = 0;
  const slide = () => act.at(range.value === range.max ? null : from + ((to - from) * Number(range.value)) / 1000);

  return {
    element, past,
    /** @param {{paused: boolean, waiting: number, follow: boolean, lanes: boolean, at: number|null, oldest: number, now: number}} state */
    show(state) {
      if (state.at === null || !from) [from, to] = [Math.min(state.oldest, state.now - 1000), state.now];
      pause.setAttribute("aria-pressed", String(state.paused));
      const text = state.paused ? (state.waiting ? `Resume, ${count(state.waiting, "change")}` : "Resume") : "Pause";
      if (pause.dataset.text !== text) {
        pause.dataset.text = text;
        fill(pause, icon(state.paused ? "play" : "pause"), text);
      }
      follow.setAttribute("aria-pressed", String(state.follow));
      follow.disabled = state.lanes;
      asList.setAttribute("aria-pressed", String(!state.lanes));
      asLanes.setAttribute("aria-pressed", String(state.lanes));
      past.classList.toggle("then", state.at !== null);
      live.style.visibility = state.at === null ? "hidden" : "visible";
      if (state.at === null) range.value = range.max;
      else range.value = String(Math.round((1000 * (state.at - from)) / Math.max(1, to - from)));
      const told = state.at === null ? "now" : `${clock(state.at)}, ${age(state.now - state.at)} ago`;
      say(when, told);
      range.setAttribute("aria-valuetext", told);
    },
  };
}
