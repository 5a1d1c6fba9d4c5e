// The list of journeys and the lanes, live.
import { h, say } from "../lib/dom.js";
import { loading } from "../lib/blocks.js";
import { bytes, count, number } from "../lib/format.js";
import { keys } from "../lib/keys.js";
import { icon } from "../lib/svg.js";
import { stream } from "../lib/stream.js";
import { bar } from "../journeys/bar.js";
import { Book } from "../journeys/book.js";
import { controls } from "../journeys/controls.js";
import { apiFilter } from "../journeys/filter.js";
import { lanes, stay } from "../journeys/lanes.js";
import { list } from "../journeys/list.js";
import { Moment } from "../journeys/moment.js";
import { blank } from "../journeys/blank.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {import("../types.js").JourneysEvent} JourneysEvent */

/** open shows the journeys. @param {Context} first @returns {import("../types.js").View} */
export function open(first) {
  let ctx = first;
  let filter = "";
  /** @type {() => void} */
  let stop = () => {};
  /** @type {JourneysEvent|null} */
  let last = null;
  let dirty = true;
  let ready = false;
  let paused = false;
  let awaiting = true; // the first event after the filter was changed
  const book = new Book();
  const moment = new Moment(book, first.about.stuckAfterMs);
  const asLanes = () => ctx.query.get("view") === "lanes";
  const follow = () => ctx.query.has("follow") && !asLanes();

  const control = controls({
    pause: () => pause(!paused),
    follow: () => ctx.setQuery({ follow: follow() ? null : "1", sort: null, at: null }),
    view: (name) => ctx.setQuery({ view: name }),
    at: (ms) => ctx.setQuery({ at: ms === null ? null : String(Math.round(ms)) }, { replace: true }),
  });
  const filters = bar(() => ctx, control.past, () => moment.suggestions());
  const rows = list({
    count: () => moment.entries().length,
    item: (i) => moment.item(i),
    now: () => moment.now(),
    onHold: (held) => { book.hold(held && !follow()); dirty = true; },
  });
  const flow = lanes({ entries: () => moment.live(), known: () => book.entries.values(), now: () => moment.now(), open: (to) => ctx.go(to), counter: first.about.parts.counter });
  const noted = h("span");
  const note = h("div", { class: "j-note", hidden: true },
    h("button", { type: "button", class: "button primary", onclick: () => { book.settle(true); dirty = true; } }, icon("retrying"), noted));
  const nothing = h("div", { class: "j-nothing" }, loading(9, "2.75rem"));
  const foot = h("p", { class: "j-foot tiny quiet" });
  const stage = h("div", { class: "j-stage" }, note, nothing, rows.element, flow.element);
  const element = h("div", { class: "journeys" },
    h("div", { class: "page-head" }, h("h1", null, "Journeys"), control.element), filters.element, stage, foot);

  const still = () => paused || moment.at !== null;

  /** @param {boolean} to */
  function pause(to) {
    paused = to;
    book.pause(still());
    ctx.setPaused(still());
    ctx.announce(paused ? "Paused" : "Resumed");
    dirty = true;
  }

  function listen() {
    stop();
    awaiting = true;
    stop = stream.listen(["journeys"], apiFilter(ctx.query), {
      journeys: (/** @type {JourneysEvent} */ event) => {
        last = event;
        moment.heard(Date.parse(event.now));
        if (awaiting) book.pause(false); // a new filter is shown at once, also while paused
        book.take(event);
        if (awaiting) moment.go(moment.at);
        awaiting = false;
        book.pause(still());
        dirty = true;
      },
    });
  }

  /** frame draws what has changed, at most once an animation frame. */
  function frame() {
    timer = requestAnimationFrame(frame);
    if (!dirty || !last) return;
    dirty = false;
    if (!asLanes()) book.settle(follow());
    moment.changed();
    const some = (moment.at === null ? book.entries.size : moment.entries().length) > 0;
    nothing.hidden = some;
    rows.element.hidden = !some || asLanes();
    flow.element.hidden = !some || !asLanes();
    if (!some) blank(nothing, ctx, last);
    else if (asLanes()) flow.draw();
    else rows.draw();
    if (follow()) rows.toTop();
    words(last);
    if (!ready) { ready = true; ctx.ready(); }
  }

  /** @param {JourneysEvent} event */
  function words(event) {
    filters.counts(moment.counts() ?? event.counts);
    control.show({ paused, waiting: book.waiting.size, follow: follow(), lanes: asLanes(), at: moment.at, oldest: Date.parse(event.memory.oldest), now: moment.clock() });
    const moved = book.held && book.stale ? book.moved.size : 0;
    note.hidden = moved === 0 || asLanes() || moment.at !== null;
    if (moved) say(noted, `Order held. Show ${count(moved, "change")}`);
    const { memory } = event;
    say(foot, `${number(event.matching)} of ${count(event.total, "journey")} · ${bytes(memory.bytes)} of ${bytes(memory.limitBytes)} of memory${memory.droppedJourneys ? ` · ${count(memory.droppedJourneys, "older journey")} dropped` : ""}`);
  }

  function update(/** @type {Context} */ next) {
    ctx = next;
    const at = Number(ctx.query.get("at"));
    moment.go(ctx.query.has("at") && Number.isFinite(at) ? at : null);
    book.pause(still());
    ctx.setPaused(still());
    book.sort(follow() ? "newest" : ctx.query.get("sort"));
    filters.update();
    const now = String(apiFilter(ctx.query));
    if (now !== filter || !last) { filter = now; listen(); }
    ctx.setTitle(asLanes() ? "Lanes" : "Journeys");
    dirty = true;
  }

  const remove = [
    keys.add("Journeys", "/", "Filter", () => filters.focus()),
    keys.add("Journeys", "j", "Next journey", () => rows.move(1)),
    keys.add("Journeys", "k", "Journey before", () => rows.move(-1)),
    keys.add("Journeys", "Enter", "Open the journey", () => rows.open()),
    keys.add("Journeys", "p", "Pause or resume", () => pause(!paused)),
    keys.add("Journeys", "f", "Follow the newest", () => ctx.setQuery({ follow: follow() ? null : "1", sort: null })),
    keys.add("Journeys", "l", "List or lanes", () => ctx.setQuery({ view: asLanes() ? null : "lanes" })),
  ];
  const second = setInterval(() => {
    if (!asLanes()) rows.tick();
    else {
      book.settle(); // the lanes need no order, but what has gone must not pile up
      book.rest(moment.clock() - stay);
      dirty = true;
    }
  }, 1000);
  let timer = requestAnimationFrame(frame);
  update(first);
  return {
    title: "Journeys", element, loading: true, update,
    close() {
      stop();
      clearInterval(second);
      cancelAnimationFrame(timer);
      rows.close();
      flow.close();
      for (const fn of remove) fn();
    },
  };
}
