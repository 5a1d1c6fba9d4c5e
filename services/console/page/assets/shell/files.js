// Reads spans back from a file: dropped anywhere on the page, or chosen with a button.
import { fill, h } from "../lib/dom.js";
import { icon } from "../lib/svg.js";
import { problemOf } from "../lib/api.js";
import { button } from "../lib/blocks.js";
import { bytes, count } from "../lib/format.js";
import { keys } from "../lib/keys.js";
import { placeFor, refusalOf, upload } from "../lib/upload.js";

/** @typedef {import("../types.js").Context} Context */

/**
 * start takes files.
 * @param {HTMLElement} tools gets the button
 * @param {Pick<Context, "go" | "toast" | "announce">} page
 */
export function start(tools, page) {
  const input = h("input", { type: "file", accept: ".json,.html,application/json,text/html", multiple: true, hidden: true, onchange: () => {
    void take([...(input.files ?? [])]);
    input.value = "";
  } });
  const choose = () => input.click();
  const shade = h("div", { class: "drop-shade", hidden: true, "aria-hidden": "true" }, h("div", null, icon("upload", { size: 40 }), h("p", { class: "strong" }, "Drop the file to read its spans"), h("p", { class: "small" }, "OTLP JSON, or a journey that was exported as an HTML page, at most 16 MB")));
  tools.prepend(button("Read spans from a file", choose, { icon: "upload", iconOnly: true, class: "plain", title: "Read spans from a file (OTLP JSON or an exported page). You can also drop it anywhere." }), input);
  document.body.append(shade);
  keys.add("Everywhere", "u", "Read spans from a file", choose);
  let depth = 0;
  const files = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files") ?? false;
  const show = (/** @type {number} */ next) => {
    depth = Math.max(0, next);
    shade.hidden = depth === 0;
  };
  addEventListener("dragenter", (event) => files(event) && show(depth + 1));
  addEventListener("dragleave", (event) => files(event) && show(depth - 1));
  addEventListener("dragover", (event) => files(event) && event.preventDefault());
  addEventListener("drop", (event) => {
    if (!files(event)) return;
    event.preventDefault();
    show(0);
    void take([...(event.dataTransfer?.files ?? [])]);
  });

  /** @param {File[]} list */
  async function take(list) {
    if (!list.length) return;
    const refused = list.map(refusalOf).find(Boolean);
    if (refused) return page.toast(refused, { tone: "error" });
    const bar = h("progress", { max: "1", value: 0, "aria-label": "Reading the file" });
    const name = h("p", { class: "strong" });
    const step = h("p", { class: "small quiet" });
    const stop = new AbortController();
    const dialog = h("dialog", { class: "dialog upload", "aria-label": "Reading a file", oncancel: () => stop.abort() }, name, bar, step, h("div", { class: "row" }, button("Stop", () => stop.abort())));
    document.body.append(dialog);
    dialog.showModal();
    /** @type {string[]} */
    const journeys = [];
    let spans = 0;
    try {
      for (const file of list) {
        fill(name, file.name);
        const answer = await upload(file, { signal: stop.signal, progress: (share) => {
          bar.value = share;
          fill(step, share < 1 ? `${Math.round(share * 100)}% of ${bytes(file.size)} sent` : "The console reads the spans");
        } });
        journeys.push(...answer.journeys);
        spans += answer.spans;
        if (answer.refused) page.toast(`${count(answer.refused, "span")} of ${file.name} ${answer.refused === 1 ? "was" : "were"} not kept. ${answer.reason ?? ""}`, { tone: "error" });
      }
      page.toast(`Read ${count(spans, "span")} of ${count(new Set(journeys).size, "journey")}.`, { tone: "done" });
    } catch (thrown) {
      const problem = problemOf(thrown);
      if (!stop.signal.aborted) page.toast(`${name.textContent} was not read. ${problem.title}${problem.detail ? `: ${problem.detail}` : ""}`, { tone: "error" });
    } finally {
      dialog.close();
      dialog.remove();
    }
    if (journeys.length) page.go(placeFor([...new Set(journeys)]));
  }
}
