// The lines of a difference between trees: what is missing and what is more.

/** @typedef {{sign: "-"|"+"|" ", text: string}} Line */

/**
 * linesOf reads a difference.
 * @param {string} text
 * @returns {Line[]}
 */
export function linesOf(text) {
  return text.replace(/\n+$/, "").split("\n").map((line) => {
    const sign = line.startsWith("-") ? "-" : line.startsWith("+") ? "+" : " ";
    return { sign, text: sign === " " ? line : line.slice(1).replace(/^ /, "") };
  });
}

/** summary counts what is missing and what is more. @param {Line[]} lines */
export function summary(lines) {
  const missing = lines.filter((line) => line.sign === "-").length;
  const more = lines.filter((line) => line.sign === "+").length;
  return [missing ? `${missing} ${missing === 1 ? "line" : "lines"} expected and not found` : "", more ? `${more} ${more === 1 ? "line" : "lines"} found and not expected` : ""]
    .filter(Boolean).join(", ") || "another order";
}
