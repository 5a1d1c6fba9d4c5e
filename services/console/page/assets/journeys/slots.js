// Where dots are drawn. All positions are worked out, none is read from the page.

/** @typedef {import("./flow.js").Lane} Lane */
/** @typedef {{x: number, y: number, width: number, height: number}} Box */

/** pitch is the distance of dots, in CSS pixels. */
export const pitch = 15;

/** numberWidth is the room for the number before the dots of a cell. */
export const numberWidth = 20;

/** The columns of a lane, as shares of the width beside the labels. */
const columns = { wait: [0, 0.46], backoff: [0.47, 0.15], dead: [0.63, 0.13], work: [0.77, 0.23] };

/**
 * @typedef {object} Layout
 * @property {Map<string, Box>} cells by kind and place: "wait kitchen.order-confirmed"
 * @property {{lane: Lane, y: number, height: number, rows: {queue: string, outbox: boolean, y: number}[]}[]} lanes
 * @property {Box} exit where dots leave
 * @property {number} height
 * @property {number} label the width of the labels
 * @property {number} rowHeight
 */

/**
 * layout places lanes in a width. A narrow one has the labels above the dots.
 * @param {Lane[]} all
 * @param {number} width
 * @returns {Layout}
 */
export function layout(all, width) {
  const narrow = width < 720;
  const label = narrow ? 0 : Math.min(320, Math.max(220, width * 0.22));
  const [rowHeight, head, gap] = narrow ? [44, 30, 8] : [24, 30, 6];
  const pad = 12;
  const area = width - label - 2 * pad;
  /** @type {Map<string, Box>} */
  const cells = new Map();
  /** @type {Layout["lanes"]} */
  const lanes = [];
  const column = (/** @type {keyof typeof columns} */ name) => ({ x: pad + label + area * (columns[name][0] ?? 0), width: area * (columns[name][1] ?? 0) });
  let y = 0;
  for (const lane of all) {
    const top = y;
    const beside = lane.outbox && !narrow; // the outbox is on the line of the name
    y += head;
    /** @type {{queue: string, outbox: boolean, y: number}[]} */
    const rows = lane.queues.map((queue) => ({ queue, outbox: false, y: 0 }));
    if (lane.outbox && narrow) rows.push({ queue: lane.service, outbox: true, y: 0 });
    for (const row of rows) {
      row.y = y;
      const inner = narrow ? { y: y + 20, height: rowHeight - 22 } : { y: y + 3, height: rowHeight - 7 };
      if (row.outbox) cells.set(`outbox ${row.queue}`, { ...column("wait"), ...inner });
      else {
        cells.set(`wait ${row.queue}`, { ...column("wait"), ...inner });
        for (const kind of /** @type {const} */ (["backoff", "dead"])) {
          const { x, width: wide } = column(kind);
          cells.set(`${kind} ${row.queue}`, { x: x + numberWidth, width: wide - numberWidth, ...inner });
        }
      }
      y += rowHeight;
    }
    if (beside) {
      rows.push({ queue: lane.service, outbox: true, y: top });
      cells.set(`outbox ${lane.service}`, { ...column("wait"), y: top + 6, height: head - 10 });
    }
    if (!rows.length && narrow) y += 10;
    cells.set(`work ${lane.service}`, { ...column("work"), y: top + (narrow ? head : 5), height: y - top - (narrow ? head : 5) });
    y += 5;
    lanes.push({ lane, y: top, height: y - top, rows });
    y += gap;
  }
  return { cells, lanes, exit: { x: pad + label, y: y + 4, width: area, height: 30 }, height: y + 44, label, rowHeight };
}

/** capacity is the number of dots that fit into a cell. @param {Box} box */
export const capacity = (box) => Math.max(1, Math.floor(box.width / pitch)) * Math.max(1, Math.floor(box.height / pitch));

/**
 * spot is the position of the dot number i of a cell. The first, which has waited longest, is nearest to the way out.
 * @param {Box} box
 * @param {number} i
 */
export function spot(box, i) {
  const lines = Math.max(1, Math.floor(box.height / pitch));
  const column = Math.floor(i / lines);
  const line = i % lines;
  const used = lines * pitch;
  return { x: Math.round(box.x + box.width - (column + 1) * pitch), y: Math.round(box.y + (box.height - used) / 2 + line * pitch) };
}
