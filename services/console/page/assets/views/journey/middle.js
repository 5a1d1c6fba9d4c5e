// Long names are cut in the middle: their end tells most.
// @ts-check

export { legible } from "../../lib/legible.js";

/**
 * halves splits a name into a head that may be cut and a tail that stays. The tail begins at a separator if there is one near.
 * @param {string} name
 * @param {number} keep about how many characters the tail has
 * @returns {[string, string]}
 */
export function halves(name, keep = 18) {
  const letters = [...name];
  if (letters.length <= keep + 6) return [name, ""];
  for (let n = keep; n >= keep / 2; n--) {
    const at = letters.length - n;
    if (/[.:/ _-]/u.test(letters[at] ?? "")) return [letters.slice(0, at).join(""), letters.slice(at).join("")];
  }
  return [letters.slice(0, -keep).join(""), letters.slice(-keep).join("")];
}
