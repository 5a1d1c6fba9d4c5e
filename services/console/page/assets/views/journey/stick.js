// Where sticky parts stand: under the header and, while it is there, the banner.

/**
 * stick keeps --stick at the height of what stands at the top of the page.
 * @param {HTMLElement} element
 * @returns {() => void} stops it
 */
export function stick(element) {
  const parts = ["top", "banner"].flatMap((id) => document.getElementById(id) ?? []);
  const measure = () => {
    const height = parts.reduce((sum, part) => sum + part.offsetHeight, 0);
    element.style.setProperty("--stick", `${height}px`);
  };
  const sizes = new ResizeObserver(measure);
  for (const part of parts) sizes.observe(part);
  measure();
  return () => sizes.disconnect();
}
