// Numbers, times and names as text.

/** formats are kept, because making one takes longer than using it a hundred times. @type {Map<number, Intl.NumberFormat>} */
const formats = new Map();

/** @param {number} digits */
function formatOf(digits) {
  const known = formats.get(digits);
  if (known) return known;
  const made = new Intl.NumberFormat("en", { maximumFractionDigits: digits, minimumFractionDigits: 0 });
  formats.set(digits, made);
  return made;
}

/**
 * number writes a number with at most three significant digits after rounding, and thousands apart.
 * @param {number} n
 * @param {number} [digits] after the point
 */
export const number = (n, digits = 0) => formatOf(digits).format(n);

/**
 * duration writes milliseconds in the unit that fits: 0.4 ms, 12 ms, 1.25 s, 3 min 5 s, 2 h 4 min.
 * @param {number} ms
 * @returns {string}
 */
export function duration(ms) {
  if (!Number.isFinite(ms)) return "–";
  if (ms < 0) return `−${duration(-ms)}`;
  if (ms === 0) return "0 ms";
  if (ms < 0.95) return `${number(ms, ms < 0.095 ? 2 : 1)} ms`;
  if (ms < 9.95) return `${number(ms, 1)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 9995) return `${number(ms / 1000, 2)} s`;
  if (ms < 59950) return `${number(ms / 1000, 1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return pair(Math.floor(seconds / 60), "min", seconds % 60, "s");
  const minutes = Math.round(seconds / 60);
  if (minutes < 1440) return pair(Math.floor(minutes / 60), "h", minutes % 60, "min");
  const hours = Math.round(minutes / 60);
  return pair(Math.floor(hours / 24), "d", hours % 24, "h");
}

/**
 * @param {number} great
 * @param {string} unit
 * @param {number} small
 * @param {string} smallUnit
 */
const pair = (great, unit, small, smallUnit) => (small ? `${great} ${unit} ${small} ${smallUnit}` : `${great} ${unit}`);

/**
 * age writes milliseconds by whole seconds, for texts that count up: 0 s, 12 s, 3 min, 2 h.
 * @param {number} ms
 */
export function age(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} d`;
}

/**
 * ago says how long something is past: "just now", "12 s ago".
 * @param {number} ms
 */
export const ago = (ms) => (ms < 1000 ? "just now" : `${age(ms)} ago`);

/**
 * clock writes the time of day with seconds, as the reader's clock shows it: 14:03:07.
 * @param {Date|string|number} date
 * @param {{ms?: boolean}} [options] ms adds milliseconds
 */
export function clock(date, options = {}) {
  const at = new Date(date);
  if (Number.isNaN(at.getTime())) return "–";
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  const text = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return options.ms ? `${text}.${String(at.getMilliseconds()).padStart(3, "0")}` : text;
}

/**
 * moment writes a date with its time: 2025-01-31 14:03:07.
 * @param {Date|string|number} date
 */
export function moment(date) {
  const at = new Date(date);
  if (Number.isNaN(at.getTime())) return "–";
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${clock(at)}`;
}

/**
 * count writes a number with its noun: "1 order", "2 orders".
 * @param {number} n
 * @param {string} one
 * @param {string} [many] one with an s by default
 */
export const count = (n, one, many) => `${number(n)} ${n === 1 ? one : (many ?? `${one}s`)}`;

/**
 * bytes writes a size: 512 B, 12 kB, 64 MB.
 * @param {number} n
 */
export function bytes(n) {
  if (n < 1000) return `${Math.round(n)} B`;
  if (n < 1e6) return `${number(n / 1e3, n < 1e4 ? 1 : 0)} kB`;
  if (n < 1e9) return `${number(n / 1e6, n < 1e7 ? 1 : 0)} MB`;
  return `${number(n / 1e9, 1)} GB`;
}

/**
 * rate writes a number per second: 0.25/s, 4.2/s, 50/s.
 * @param {number} perSecond
 */
export const rate = (perSecond) => `${number(perSecond, perSecond < 1 ? 2 : perSecond < 10 ? 1 : 0)}/s`;

/**
 * percent writes a share from 0 to 1.
 * @param {number} share
 */
export const percent = (share) => (share > 0 && share < 0.01 ? "<1%" : `${Math.round(share * 100)}%`);

/**
 * short cuts a long id or text in the middle, so that its beginning and end stay readable.
 * @param {string} text
 * @param {number} [most] characters
 */
export function short(text, most = 12) {
  if (text.length <= most) return text;
  const head = Math.ceil((most - 1) / 2);
  return `${text.slice(0, head)}…${text.slice(text.length - (most - 1 - head))}`;
}

/**
 * listed joins words: "a", "a and b", "a, b and c".
 * @param {string[]} words
 */
export const listed = (words) => (words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words[words.length - 1]}`);
