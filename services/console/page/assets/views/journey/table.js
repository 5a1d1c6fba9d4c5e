// The spans of a journey as a table: its columns, how it is sorted, and its CSV.
// @ts-check

/** @typedef {import("../../types.js").WaterfallRow} WaterfallRow */
/** @typedef {{key: string, title: string, number?: boolean, value: (row: WaterfallRow) => string | number | null}} Column */

/** columns are those of the table. A time is in milliseconds. @type {Column[]} */
export const columns = [
  { key: "name", title: "Name", value: (row) => row.name },
  { key: "service", title: "Service", value: (row) => row.service },
  { key: "start", title: "Start", number: true, value: (row) => row.startMs },
  { key: "wait", title: "Wait", number: true, value: (row) => row.wait?.ms ?? null },
  { key: "backoff", title: "Back-off", number: true, value: (row) => row.backOff?.ms ?? null },
  { key: "work", title: "Work", number: true, value: (row) => row.durationMs },
  { key: "attempt", title: "Attempt", number: true, value: (row) => row.attempt || null },
  { key: "error", title: "Error", value: (row) => (row.failed ? row.error || "error" : null) },
];

/**
 * sorted returns rows in the order of a column. Rows without a value come last.
 * @param {WaterfallRow[]} rows
 * @param {string} key
 * @param {boolean} down
 */
export function sorted(rows, key, down) {
  const column = columns.find((one) => one.key === key) ?? /** @type {Column} */ (columns[2]);
  return rows.toSorted((a, b) => {
    const [x, y] = [column.value(a), column.value(b)];
    if (x === null || y === null) return (x === null ? 1 : 0) - (y === null ? 1 : 0);
    const order = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y));
    return down ? -order : order;
  });
}

/**
 * csv writes rows as CSV (RFC 4180). A cell that a spreadsheet would run as a formula begins with an apostrophe.
 * @param {WaterfallRow[]} rows
 */
export function csv(rows) {
  const head = [...columns.map((one) => (one.number && one.key !== "attempt" ? `${one.title} ms` : one.title)), "Wait told", "Trace", "Span"];
  const lines = rows.map((row) => [...columns.map((one) => one.value(row)), row.wait ? (row.wait.told ? "yes" : "worked out") : null, row.traceId, row.spanId]);
  return [head, ...lines].map((line) => line.map(cell).join(",")).join("\r\n") + "\r\n";
}

/** @param {string | number | null} value */
function cell(value) {
  if (value === null) return "";
  if (typeof value === "number") return String(Math.round(value * 1000) / 1000);
  const safe = /^[=+\-@\t\r]/u.test(value) ? `'${value}` : value;
  return /[",\r\n]/u.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
