// The right end of the header: the state of the connection, the theme, and the help.
import { add, fill, h } from "../lib/dom.js";
import { icon } from "../lib/svg.js";
import { stream } from "../lib/stream.js";
import { choose, current, themes } from "../lib/theme.js";
import { button } from "../lib/blocks.js";

/** @type {Record<string, {text: string, icon: string, tone: string, title: string}>} */
const links = {
  connecting: { text: "Connecting", icon: "clock", tone: "outbox", title: "The page opens its stream." },
  live: { text: "Live", icon: "running", tone: "done", title: "Changes arrive as they happen." },
  reconnecting: { text: "Reconnecting", icon: "retrying", tone: "error", title: "The console does not answer. The page tries again by itself." },
  paused: { text: "Paused", icon: "pause", tone: "wait", title: "This view does not follow. Its changes are counted." },
};

/**
 * draw fills the tools of the header.
 * @param {HTMLElement} tools
 * @param {() => void} help
 * @param {(text: string) => void} announce
 * @returns {{setPaused: (paused: boolean) => void}}
 */
export function draw(tools, help, announce) {
  const state = h("span", { class: "link-state" });
  let link = "connecting";
  let paused = false;
  let shown = "";
  const show = () => {
    const name = link === "live" && paused ? "paused" : link;
    const look = links[name];
    if (!look || name === shown) return;
    if (shown === "reconnecting" || name === "reconnecting") announce(look.text);
    shown = name;
    state.className = `link-state tone-${look.tone}`;
    state.title = look.title;
    fill(state, icon(look.icon, { size: 12 }), h("span", null, look.text));
  };
  stream.onLink((now) => {
    link = now;
    show();
  });
  add(tools, [state, themeButton(), button("Keyboard shortcuts", help, { icon: "help", iconOnly: true, class: "plain" })]);
  return {
    setPaused(now) {
      paused = now;
      show();
    },
  };
}

const words = { system: "Theme: as the system", light: "Theme: light", dark: "Theme: dark" };
const icons = { system: "system", light: "sun", dark: "moon" };

function themeButton() {
  const element = button("Theme", () => {
    choose(themes[(themes.indexOf(current()) + 1) % themes.length] ?? "system");
    show();
  }, { iconOnly: true, class: "plain theme" });
  const show = () => {
    const theme = current();
    element.title = words[theme];
    element.setAttribute("aria-label", words[theme]);
    fill(element, icon(icons[theme]));
  };
  show();
  return element;
}
