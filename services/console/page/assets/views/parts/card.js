// A part of the system as a line.
import { h } from "../../lib/dom.js";
import { badge } from "../../lib/blocks.js";
import { out } from "../pieces.js";
import { adviceFor } from "./advice.js";

/** @param {import("../../types.js").Part} part */
export function partCard(part) {
  const { loss, act } = adviceFor(part.name);
  return h("li", { class: `part ${part.healthy ? "" : "is-away"}`, dataset: { part: part.name } },
    part.healthy ? badge("healthy", { tone: "done", icon: "done" }) : badge("away", { tone: "error", icon: "failed" }),
    h("div", { class: "grow" },
      h("div", { class: "row", style: { "--gap": "var(--s1) var(--s3)" } }, h("h2", { class: "part-name" }, part.name), address(part)),
      part.detail ? h("p", { class: "small quiet" }, part.detail) : null,
      part.name === "rabbitmq" ? h("p", { class: "small" }, h("a", { href: "/queues" }, "Queues and dead letters")) : null,
      part.healthy ? null : h("p", { class: "small" }, loss ? `${loss} ` : "", h("span", { class: "strong" }, act))));
}

/** address is a link if a page is there: the services have an API only. @param {import("../../types.js").Part} part */
const address = ({ name, address: text }) => (name === "jaeger" && /^https?:\/\//.test(text) ? out(text, text, "small mono") : h("span", { class: "small mono quiet" }, text));
