// The participants of a sequence diagram: services, and the queues before them.
// @ts-check

/** @typedef {import("../../types.js").WaterfallRow} WaterfallRow */
/** @typedef {{key: string, name: string, kind: "service" | "queue" | "outside"}} Participant */

const sends = new Set(["send", "publish", "create"]);
const takes = new Set(["process", "deliver", "receive", "consume"]);

/** isSend reports a span that sends a message. @param {WaterfallRow} row */
export const isSend = (row) => row.kind === "producer" || (row.kind !== "consumer" && sends.has(row.messaging?.operation ?? ""));

/** isProcess reports a span that handles a message. @param {WaterfallRow} row */
export const isProcess = (row) => row.kind === "consumer" || (row.kind !== "producer" && takes.has(row.messaging?.operation ?? ""));

/** queueOf returns the queue of a span that handles a message. @param {WaterfallRow} row */
export const queueOf = (row) => row.wait?.queue || row.messaging?.queue || row.messaging?.routingKey || `queue of ${row.service}`;

/** eventOf returns what a message is called. @param {WaterfallRow} row */
export const eventOf = (row) => row.messaging?.routingKey || row.messaging?.exchange || row.messaging?.queue || row.name;

/** deadQueue returns the queue whose dead letter a span sends, or "". @param {WaterfallRow} row */
export function deadQueue(row) {
  const target = [row.messaging?.queue, row.messaging?.routingKey, row.messaging?.exchange].find((name) => name?.endsWith(".dead"));
  return target ? target.slice(0, -".dead".length) : "";
}

/** Participants keeps the order: a queue stands before its consumer. */
export class Participants {
  /** @type {Participant[]} */
  list = [];

  /** @param {string} name @param {"service" | "outside"} [kind] */
  service(name, kind = "service") {
    const key = `${kind} ${name}`;
    if (!this.has(key)) this.list.push({ key, name, kind });
    return key;
  }

  /** @param {string} name @param {string} [consumer] */
  queue(name, consumer) {
    const key = `queue ${name}`;
    if (this.has(key)) return key;
    const entry = /** @type {Participant} */ ({ key, name, kind: "queue" });
    if (!consumer) {
      this.list.push(entry);
      return key;
    }
    const at = this.list.findIndex((one) => one.key === `service ${consumer}`);
    if (at >= 0) this.list.splice(at, 0, entry);
    else this.list.push(entry, { key: `service ${consumer}`, name: consumer, kind: "service" });
    return key;
  }

  /** @param {string} key */
  has(key) {
    return this.list.some((one) => one.key === key);
  }
}
