// The lanes: each order is a dot that moves through services and queues. A table has the same for screen readers.
import { fill, h, say } from "../lib/dom.js";
import { age, count, number } from "../lib/format.js";
import { stateNames, states } from "../lib/state.js";
import { dots } from "./dots.js";
import { lanesOf, Places, spotOf } from "./flow.js";
import { capacity, layout, numberWidth, spot } from "./slots.js";
import { draw as drawTable } from "./lanetable.js";

/** @typedef {import("../types.js").Row} Row */
/** @typedef {import("./sort.js").Entry} Entry */
/** @typedef {{row: Row, since: number}} Guest */

/** stay is how long a dot stays at the exit, in ms. */
export const stay = 4000;
const most = 900; // dots in all
const moves = new Set(["running", "waiting", "retrying"]);

/**
 * lanes makes the view.
 * @param {object} source
 * @param {() => Iterable<Entry>} source.entries what is shown
 * @param {() => Iterable<Entry>} source.known all that is known, for the order of the lanes
 * @param {() => number} source.now in ms
 * @param {(path: string) => void} source.open
 * @param {boolean} source.counter says that orders can be placed here
 */
export function lanes(source) {
  const frames = h("div", { class: "l-frames", "aria-hidden": "true" });
  const points = dots(source.open);
  const table = h("table", { class: "unseen" });
  const board = h("div", { class: "l-board" }, frames, points.element);
  const legend = h("p", { class: "l-legend tiny quiet row" }, stateNames.map((name) => h("span", { class: "row", style: { "--gap": "var(--s1)" } }, h("i", { class: `dot ${name} tone-${states[name].tone}` }), states[name].word)));
  const idle = h("a", { class: "l-idle", href: "/counter", hidden: true }, "Nothing moves. Place orders at the counter");
  legend.append(idle);
  const element = h("div", { class: "l-view", tabindex: "0", role: "region", "aria-label": "Lanes", hidden: true }, legend, board, table);
  /** @type {Map<string, {n: HTMLElement, oldest?: HTMLElement}>} */
  const labels = new Map();
  const places = new Places();
  let arranged = 0; // the width for which the lanes are arranged
  let leaving = 0;
  let width = 0;
  let plan = layout([], 0);
  let tabled = 0;

  const resized = new ResizeObserver(() => {
    width = board.clientWidth;
    if (!element.hidden) draw();
  });
  resized.observe(board);
  function arrange() {
    const fresh = places.add(arranged ? source.entries() : source.known());
    if (!width || (!fresh && arranged === width)) return;
    arranged = width;
    plan = layout(lanesOf([...source.known()].map((one) => one.row)), width);
    labels.clear();
    fill(frames, columnHeads(), plan.lanes.map(frame), exit());
    board.style.height = `${plan.height}px`;
    points.size(width, plan.height);
    board.classList.toggle("narrow", plan.label === 0);
  }

  const columnHeads = () => /** @type {const} */ (["wait", "backoff", "dead", "work"]).map((kind) => {
    const cell = [...plan.cells].find(([name]) => name.startsWith(`${kind} `))?.[1];
    const room = kind === "backoff" || kind === "dead" ? numberWidth : 0;
    return cell && h("span", { class: "l-column tiny quiet", style: { left: `${cell.x - room}px`, width: `${cell.width + room}px` } }, { wait: "Waiting", backoff: plan.label ? "Between attempts" : "Retry", dead: "Dead", work: "At work" }[kind]);
  });

  /** @param {import("./slots.js").Layout["lanes"][number]} one */
  function frame({ lane, y, height, rows }) {
    const work = plan.cells.get(`work ${lane.service}`);
    const n = h("span", { class: "l-n" });
    labels.set(`work ${lane.service}`, { n });
    return [
      h("div", { class: "l-lane", style: { top: `${y}px`, height: `${height}px` } }),
      h("span", { class: "l-service cut", style: { top: `${y}px`, "max-width": `${plan.label * 0.55 || width * 0.7}px` } }, lane.service || "No consumer seen"),
      work && h("div", { class: "l-work", style: { left: `${work.x}px`, top: `${work.y}px`, width: `${work.width}px`, height: `${work.height}px` } }, n),
      rows.map((row) => queue(row)),
    ];
  }

  /** @param {{queue: string, outbox: boolean, y: number}} row */
  function queue({ queue: name, outbox, y }) {
    const n = h("span", { class: "l-n" });
    const oldest = h("span", { class: "l-oldest" });
    labels.set(`${outbox ? "outbox" : "wait"} ${name}`, { n, oldest });
    const pipes = (outbox ? ["outbox"] : ["wait", "backoff", "dead"]).flatMap((kind) => plan.cells.get(`${kind} ${name}`) ?? []);
    const height = outbox && plan.label ? 30 : plan.rowHeight;
    return [
      h("div", { class: outbox ? "l-queue is-outbox tiny" : "l-queue tiny", style: { top: `${y}px`, height: `${height}px`, width: `${plan.label ? plan.label : width - 24}px` } }, h("span", { class: outbox ? "cut" : "cut mono" }, outbox ? "outbox" : name), oldest, n),
      outbox ? null : /** @type {const} */ (["backoff", "dead"]).map((kind) => number_(kind, name)),
      pipes.map((box) => h("div", { class: "l-pipe", style: { left: `${box.x}px`, top: `${box.y + box.height / 2}px`, width: `${box.width}px` } })),
    ];
  }

  /** number_ is the count at the left end of a cell. @param {"backoff"|"dead"} kind @param {string} name */
  function number_(kind, name) {
    const box = plan.cells.get(`${kind} ${name}`);
    const n = h("span", { class: "l-n" });
    labels.set(`${kind} ${name}`, { n });
    return box && h("span", { class: "l-at tiny", style: { left: `${box.x - numberWidth}px`, top: `${box.y + box.height / 2}px` } }, n);
  }

  function exit() {
    const n = h("span", { class: "l-n" });
    labels.set("exit", { n });
    return h("div", { class: "l-exit tiny", style: { top: `${plan.exit.y}px` } }, h("span", null, "Just finished"), n);
  }

  /** draw moves the dots to where their orders are. */
  function draw() {
    const now = source.now();
    arrange();
    if (!width) return;
    const guests = guestsOf(source.entries(), now);
    let put = 0;
    points.begin();
    for (const [name, all] of guests) {
      const exits = name === "exit";
      const box = exits ? plan.exit : plan.cells.get(name);
      if (!box) continue;
      all.sort((a, b) => a.since - b.since);
      const room = capacity(box);
      for (const [i, { row }] of (exits ? all.slice(-room) : all.slice(0, room)).entries()) {
        if (put++ >= most) break;
        if (exits && points.cellOf(row.id) === name) points.keep(row); // it stays until it leaves
        else points.put(row, name, spot(box, exits ? leaving++ % room : i));
      }
    }
    points.end();
    count_(guests, now);
    idle.hidden = !source.counter || [...guests].some(([name, all]) => name === "exit" || all.some(({ row }) => moves.has(row.state)));
    if (now - tabled > 1000 || now < tabled) {
      tabled = now;
      drawTable(table, plan, guests, now);
    }
  }

  /** @param {Map<string, Guest[]>} guests @param {number} now */
  function count_(guests, now) {
    for (const [name, label] of labels) {
      const all = guests.get(name) ?? [];
      say(label.n, all.length ? (name.startsWith("work") && plan.label ? count(all.length, "order") : number(all.length)) : "");
      if (label.oldest) say(label.oldest, all[0] && now - all[0].since > 1000 ? `oldest ${age(now - all[0].since)}` : "");
    }
  }

  return {
    element, draw,
    close() {
      resized.disconnect();
      points.close();
    },
  };
}

/**
 * guestsOf puts rows into cells by where they are.
 * @param {Iterable<Entry>} entries
 * @param {number} now
 * @returns {Map<string, Guest[]>}
 */
export function guestsOf(entries, now) {
  /** @type {Map<string, Guest[]>} */
  const guests = new Map();
  for (const { row, since: ended } of entries) {
    if (row.state === "done" && now - ended > stay) continue;
    const at = spotOf(row);
    const name = at ? `${at.kind} ${at.place}` : "exit";
    const all = guests.get(name);
    const guest = { row, since: at?.since ?? ended };
    if (all) all.push(guest);
    else guests.set(name, [guest]);
  }
  return guests;
}
