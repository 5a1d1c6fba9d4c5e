// One row of the list. Its elements are made once and filled again: a list of 5,000 rows has some forty of them.
import { attribute, h, say } from "../lib/dom.js";
import { icon } from "../lib/svg.js";
import { ago, age, count, duration, short } from "../lib/format.js";
import { nameOf, titleOf, whereIn } from "../lib/names.js";
import { path } from "../lib/router.js";
import { stateOf } from "../lib/state.js";
import { shares } from "./past.js";

/** @typedef {import("../types.js").Row} Row */

export class RowView {
  /** @type {Row|null} */
  row = null;
  index = -1;
  stateName = "";
  stateIcon = h("span", { class: "state-icon" });
  stateWord = h("span");
  state = h("div", { role: "cell", class: "j-state state" }, this.stateIcon, this.stateWord);
  link = h("a", { class: "cut", tabindex: "-1" });
  sub = h("span", { class: "cut quiet tiny" });
  place = h("span", { class: "cut mono" });
  since = h("span", { class: "cut quiet tiny" });
  services = h("div", { role: "cell", class: "j-services quiet small cut" });
  took = h("span", { class: "j-took" });
  bars = shares(/** @type {any} */ ({})).map((part) => h("i", { class: `bar-${part.kind}` }));
  bar = h("span", { class: "j-bar", role: "img" }, this.bars);
  notes = h("div", { role: "cell", class: "j-notes" });
  notesText = "";
  age = h("div", { role: "cell", class: "j-age small end quiet nowrap" });
  element = h("div", { role: "row", class: "j-row" },
    this.state, h("div", { role: "cell", class: "j-name two" }, this.link, this.sub), h("div", { role: "cell", class: "j-place two" }, this.place, this.since),
    this.services, h("div", { role: "cell", class: "j-time" }, this.took, this.bar), this.notes, this.age);

  /**
   * fill shows a row.
   * @param {Row} row
   * @param {number} index
   * @param {number} now of the server, in ms
   * @param {boolean} gone the console does not have it any more
   * @param {boolean} current the keyboard is at it
   */
  fill(row, index, now, gone, current) {
    if (this.index !== index) {
      this.index = index;
      this.element.style.transform = `translateY(calc(var(--row) * ${index}))`;
      this.element.setAttribute("aria-rowindex", String(index + 2));
    }
    this.element.classList.toggle("gone", gone);
    this.element.classList.toggle("current", current);
    this.link.tabIndex = current ? 0 : -1;
    if (this.row !== row) {
      this.row = row;
      this.#state(row);
      this.#texts(row);
      this.#time(row);
      this.#notes(row);
    }
    this.tick(now);
  }

  /** tick writes the ages. @param {number} now */
  tick(now) {
    const row = this.row;
    if (!row) return;
    say(this.age, age(now - Date.parse(row.start)));
    if (row.where) say(this.since, since(row, row.where, now));
    else say(this.since, row.state === "done" ? ago(now - Date.parse(row.end)) : `last seen ${ago(now - Date.parse(row.end))}`);
  }

  /** @param {Row} row */
  #state(row) {
    if (this.stateName === row.state) return;
    this.stateName = row.state;
    const look = stateOf(row.state);
    this.state.className = `j-state state tone-${look.tone}`;
    this.state.title = look.text;
    this.stateIcon.replaceChildren(icon(look.icon));
    say(this.stateWord, look.word);
    this.element.dataset.state = row.state;
  }

  /** @param {Row} row */
  #texts(row) {
    this.element.dataset.id = row.id;
    attribute(this.link, "href", path("journeys", row.id));
    say(this.link, titleOf(row));
    say(this.sub, `${nameOf(row) === row.root ? short(row.id, 14) : row.root}${row.traces.length > 1 ? ` · ${count(row.traces.length, "trace")}` : ""}${row.source === "file" ? " · from a file" : ""}`);
    const last = row.track[row.track.length - 1]?.place ?? "–";
    say(this.place, row.where?.name ?? (row.state === "done" ? "Finished" : last));
    this.place.classList.toggle("quiet", !row.where);
    this.place.classList.toggle("mono", row.state !== "done");
    attribute(this.place, "title", row.where?.name ?? null);
    const services = row.services.join(" · ");
    say(this.services, services);
    attribute(this.services, "title", services);
  }

  /** @param {Row} row */
  #time(row) {
    say(this.took, duration(row.durationMs));
    const parts = shares(row);
    const all = parts.reduce((sum, part) => sum + part.ms, 0) || 1;
    for (const [i, part] of parts.entries()) this.bars[i]?.style.setProperty("flex-grow", String(part.ms / all));
    for (const [i, part] of parts.entries()) this.bars[i]?.toggleAttribute("hidden", part.ms / all < 0.01);
    const text = parts.map((part) => `${part.word} ${duration(part.ms)}`).join(", ");
    attribute(this.bar, "aria-label", text);
    attribute(this.bar, "title", row.longestWait ? `${text}. Longest wait: ${duration(row.longestWaitMs ?? 0)} in ${row.longestWait}` : text);
  }

  /** @param {Row} row */
  #notes(row) {
    const notes = notesOf(row);
    const text = notes.map((note) => note.text).join();
    if (text === this.notesText) return;
    this.notesText = text;
    this.notes.replaceChildren(...notes.map((note) => h("span", { class: `badge tone-${note.tone}`, title: note.title ?? null }, icon(note.icon), note.text)));
  }
}

/** since says how long a message is at its place. @param {Row} row @param {import("../types.js").Where} where @param {number} now */
function since(row, where, now) {
  const word = whereIn(row.state, where.kind);
  const past = now - Date.parse(where.since);
  return ["lost", "failed"].includes(row.state) && where.kind === "service" ? `${word} ${ago(past)}` : `${word} for ${age(past)}`;
}

/**
 * notesOf says what is unusual about a journey.
 * @param {Row} row
 * @returns {{tone: string, icon: string, text: string, title?: string}[]}
 */
export function notesOf(row) {
  /** @type {{tone: string, icon: string, text: string, title?: string}[]} */
  const notes = [];
  if (row.dead > 1 || (row.dead && row.state !== "dead")) notes.push({ tone: "error", icon: "dead", text: count(row.dead, "dead letter") });
  if (row.redriven) notes.push({ tone: "done", icon: "undo", text: `${row.redriven} redriven` });
  if (row.attempts > 1) notes.push({ tone: "backoff", icon: "retrying", text: count(row.attempts, "attempt"), title: count(row.errors, "error") });
  else if (row.errors) notes.push({ tone: "error", icon: "close", text: count(row.errors, "error") });
  for (const key of row.failures.slice(0, 2)) notes.push({ tone: "injected", icon: "flag", text: key, title: `Injected failure ${key}` });
  if (row.failures.length > 2) notes.push({ tone: "injected", icon: "flag", text: `${row.failures.length - 2} more`, title: row.failures.join(", ") });
  return notes;
}
