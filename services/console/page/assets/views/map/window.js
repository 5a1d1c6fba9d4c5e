// The part of a picture that is seen: zoom and pan by pointer, wheel and keys.

const closest = 3;
const step = 1.3;

/** within keeps a place between 0 and what is left over. If all fits, it is in the middle. @param {number} place @param {number} left */
const within = (place, left) => (left <= 0 ? left / 2 : Math.min(left, Math.max(0, place)));

/**
 * newWindow moves the view box of a picture.
 * @param {SVGSVGElement} svg
 */
export function newWindow(svg) {
  let full = { width: 1, height: 1 };
  let at = { x: 0, y: 0, scale: 1 }; // scale 1 shows all
  let moved = 0;
  /** @type {{x: number, y: number, from: {x: number, y: number}}|null} */
  let grip = null;

  /** seen is the size of the part that is seen. It has the proportions of the element. */
  const seen = (scale = at.scale) => {
    const width = full.width / scale;
    return { width, height: svg.clientWidth > 0 ? (width * svg.clientHeight) / svg.clientWidth : full.height / scale };
  };
  const show = () => {
    const { width, height } = seen();
    at.x = within(at.x, full.width - width);
    at.y = within(at.y, full.height - height);
    svg.setAttribute("viewBox", `${at.x.toFixed(1)} ${at.y.toFixed(1)} ${width.toFixed(1)} ${height.toFixed(1)}`);
  };
  /** @param {number} factor @param {number} [px] of the width @param {number} [py] of the height */
  const zoom = (factor, px = 0.5, py = 0.5) => {
    const scale = Math.min(closest * fitted(), Math.max(1, at.scale * factor));
    const [old, next] = [seen(), seen(scale)];
    at = { x: at.x + (old.width - next.width) * px, y: at.y + (old.height - next.height) * py, scale };
    show();
  };
  /** fitted is the scale at which the text has its natural size, at least 1. */
  const fitted = () => Math.max(1, full.width / Math.max(1, svg.clientWidth));
  const all = () => {
    at = { x: 0, y: 0, scale: 1 };
    show();
  };

  svg.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const box = svg.getBoundingClientRect();
    zoom(Math.exp(-event.deltaY / 300), (event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
  }, { passive: false });
  svg.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    grip = { x: event.clientX, y: event.clientY, from: { x: at.x, y: at.y } };
    moved = 0;
  });
  const drag = (/** @type {PointerEvent} */ event) => {
    if (!grip) return;
    moved = Math.max(moved, Math.hypot(event.clientX - grip.x, event.clientY - grip.y));
    const unit = seen().width / Math.max(1, svg.clientWidth);
    at.x = grip.from.x - (event.clientX - grip.x) * unit;
    at.y = grip.from.y - (event.clientY - grip.y) * unit;
    if (moved > 4) show();
  };
  const drop = () => {
    grip = null;
  };
  addEventListener("pointermove", drag);
  addEventListener("pointerup", drop);
  addEventListener("pointercancel", drop);

  return {
    closer: () => zoom(step),
    further: () => zoom(1 / step),
    all,
    /** dragged reports whether the pointer has moved the picture since it was pressed. */
    dragged: () => moved > 4,
    /** @param {number} width @param {number} height @param {boolean} first */
    size(width, height, first) {
      full = { width, height };
      svg.style.setProperty("aspect-ratio", `${width} / ${height}`);
      if (first) {
        at = { x: 0, y: 0, scale: 1 };
        if (svg.clientWidth > 0 && svg.clientWidth < 600) zoom(fitted() * 0.9, 0, 0.5); // a phone shows the beginning at a readable size
      }
      show();
    },
    /** reveal brings a box into the window. @param {{x: number, y: number, width: number, height: number}} box */
    reveal(box) {
      const { width, height } = seen();
      const inside = box.x - box.width / 2 >= at.x && box.x + box.width / 2 <= at.x + width && box.y - box.height >= at.y && box.y + box.height <= at.y + height;
      if (inside) return;
      at = { ...at, x: box.x - width / 2, y: box.y - height / 2 };
      show();
    },
    close() {
      removeEventListener("pointermove", drag);
      removeEventListener("pointerup", drop);
      removeEventListener("pointercancel", drop);
    },
  };
}
