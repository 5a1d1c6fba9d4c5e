// Contrasts and differences of colours, also as the colour-blind see them.

/** @typedef {[number, number, number]} Rgb from 0 to 1 */

/** @param {string} hex @returns {Rgb} */
export const rgb = (hex) => /** @type {Rgb} */ ([1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255));

const linear = (/** @type {number} */ v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);

/** luminance as WCAG 2 defines it. @param {Rgb} colour */
const luminance = (colour) => 0.2126 * linear(colour[0]) + 0.7152 * linear(colour[1]) + 0.0722 * linear(colour[2]);

/** contrast as WCAG 2 defines it: 1 to 21. @param {string} a @param {string} b */
export function contrast(a, b) {
  const [x, y] = [luminance(rgb(a)), luminance(rgb(b))];
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}

/** Machado, Oliveira and Fernandes (2009), severity 1, in linear light. @type {Record<string, number[][]>} */
const matrices = {
  normal: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protanopia: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deuteranopia: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
};
export const sights = Object.keys(matrices);

/** oklab of a colour as a sight sees it. @param {string} hex @param {string} sight */
function oklab(hex, sight) {
  const light = rgb(hex).map(linear);
  const [r, g, b] = (matrices[sight] ?? []).map((line) => Math.max(0, line.reduce((sum, v, i) => sum + v * (light[i] ?? 0), 0)));
  const [x, y, z] = [r ?? 0, g ?? 0, b ?? 0];
  const l = Math.cbrt(0.4122214708 * x + 0.5363325363 * y + 0.0514459929 * z);
  const m = Math.cbrt(0.2119034982 * x + 0.6806995451 * y + 0.1073969566 * z);
  const s = Math.cbrt(0.0883024619 * x + 0.2817188376 * y + 0.6299787005 * z);
  return [0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s, 1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s, 0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s];
}

/** difference in OKLab, times 100: about 2 is just noticeable. @param {string} a @param {string} b @param {string} sight */
export const difference = (a, b, sight) => 100 * Math.hypot(...oklab(a, sight).map((v, i) => v - (oklab(b, sight)[i] ?? 0)));
