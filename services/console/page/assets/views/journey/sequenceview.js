// The sequence diagram as SVG. Only the arrows in sight are drawn.
import { fill, h } from "../../lib/dom.js";
import { s } from "../../lib/svg.js";
import { button, empty } from "../../lib/blocks.js";
import { count, short } from "../../lib/format.js";
import { copyButton } from "./copy.js";
import { arrowShape, columnsOf, rowHeight, stayShape } from "./sequenceshapes.js";
import { diagram, words } from "./sequence.js";
import { legible } from "./middle.js";
import { windowOf } from "./virtual.js";

/** @param {{open: (key: string) => void, toast: import("../../types.js").Context["toast"]}} on */
export function sequence(on) {
  let queues = true;
  /** @type {import("../../types.js").Journey | null} */
  let journey = null;
  let selected = "";
  let plan = diagram([], { queues });
  /** @type {ReturnType<typeof columnsOf>} */
  let columns = columnsOf([], 0);
  const names = h("div", { class: "sq-names" });
  const shapes = s("g", null);
  const lines = s("g", { class: "sq-lifelines" });
  const picture = s("svg", { class: "sq-picture", role: "group", "aria-label": "Sequence diagram" }, lines, shapes);
  const head = h("div", { class: "sq-head", "aria-hidden": "true" }, names);
  const scroll = h("div", { class: "sq-scroll", tabindex: "0", role: "region", "aria-label": "Sequence diagram" }, picture);
  const list = h("ol", { class: "unseen" });
  const note = h("p", { class: "small quiet" });
  const toggle = button("Queues", () => {
    queues = !queues;
    toggle.setAttribute("aria-pressed", String(queues));
    if (journey) show(journey, selected);
  }, { pressed: true, title: "Show queues as participants" });
  const frame = h("div", { class: "sq-frame" }, head, scroll);
  const nothing = h("div", { hidden: true }, empty({ icon: "lanes", title: "No messages", text: "The journey has no request and no message, so there is nothing to draw an arrow for." }));
  const element = h("section", { class: "stack sq" },
    h("div", { class: "row apart" }, note, h("div", { class: "row" }, toggle, copyButton("Copy as Mermaid", () => journey?.mermaid ?? "", on.toast))), frame, nothing, list);

  function draw() {
    const top = -picture.getBoundingClientRect().top;
    const { from, to } = windowOf({ top, height: window.innerHeight, row: rowHeight, count: plan.arrows.length, more: 6 });
    const seen = plan.stays.filter((stay) => stay.to >= from - 1 && stay.from <= to + 1);
    const focused = document.activeElement instanceof SVGElement ? document.activeElement.dataset.key : "";
    fill(shapes, seen.map((stay) => stayShape(stay, columns)),
      plan.arrows.slice(from, to).map((arrow, i) => arrowShape(arrow, from + i, columns, selected, on.open)));
    if (focused) /** @type {SVGElement | null} */ (shapes.querySelector(`[data-key="${CSS.escape(focused)}"]`))?.focus({ preventScroll: true });
  }

  /** @param {import("../../types.js").Journey} next @param {string} span */
  function show(next, span) {
    journey = next;
    selected = span;
    plan = diagram(next.waterfall.rows, { queues });
    columns = columnsOf(plan.participants, scroll.clientWidth);
    const height = plan.arrows.length * rowHeight + 24;
    picture.setAttribute("width", String(columns.width));
    picture.setAttribute("height", String(height));
    names.style.setProperty("width", `${columns.width}px`);
    fill(names, plan.participants.map((one) => h("div", { class: `sq-name is-${one.kind}`, title: one.name, style: { left: `${columns.x(one.key)}px`, width: `${columns.wide(one.key)}px` } },
      short(legible(one.name), 48).split(/(?<=\.)/u).map((piece) => h("span", null, piece)))));
    fill(lines, plan.participants.map((one) => s("line", { class: `is-${one.kind}`, x1: columns.x(one.key), x2: columns.x(one.key), y1: 0, y2: height })));
    fill(note, `${count(plan.arrows.length, "arrow")}, from top to bottom by time. The time beside each is from the start; distances are not to scale.`);
    fill(list, plan.arrows.slice(0, 500).map((arrow) => h("li", null, words(arrow))));
    frame.hidden = plan.arrows.length === 0;
    nothing.hidden = plan.arrows.length > 0;
    draw();
  }

  let waiting = 0;
  const onScroll = () => {
    head.scrollLeft = scroll.scrollLeft;
    if (!waiting && element.isConnected) waiting = requestAnimationFrame(() => {
      waiting = 0;
      draw();
    });
  };
  document.addEventListener("scroll", onScroll, { capture: true, passive: true });
  let width = 0;
  const size = new ResizeObserver(() => {
    if (journey && scroll.clientWidth !== width) {
      width = scroll.clientWidth;
      show(journey, selected);
    }
  });
  size.observe(scroll);
  return {
    element, show,
    close() {
      document.removeEventListener("scroll", onScroll, { capture: true });
      size.disconnect();
    },
  };
}
