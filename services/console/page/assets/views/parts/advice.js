// What to do about a part that is away, and which parts come first.

/** @typedef {import("../../types.js").Part} Part */

/** @type {{match: RegExp, loss: string, act: string}[]} */
const advice = [
  { match: /rabbit|broker/i, loss: "No event moves. Orders are stored and wait in the outbox.", act: "Start RabbitMQ again. The services reconnect by themselves." },
  { match: /collector/i, loss: "No span arrives, here or in Jaeger. The orders go on.", act: "Start the Collector again. Spans of the time between are lost." },
  { match: /jaeger/i, loss: "Links to Jaeger and older journeys do not work. Live journeys do.", act: "Start Jaeger again." },
  { match: /prometheus|grafana/i, loss: "Dashboards and alerts do not work. The rest does.", act: "Start it again, or leave it out: make up has neither." },
  { match: /topology|keeper/i, loss: "Deleted queues and bindings are not restored.", act: "Start it again, or run traceria topology apply." },
  { match: /^order/i, loss: "No order can be placed.", act: "Start the order service again." },
  { match: /kitchen|delivery|loyalty|staff/i, loss: "Its events wait in its queues. Nothing is lost.", act: "Start the service again. It takes up what waits." },
];

/**
 * adviceFor says what a part's absence means, and what to do.
 * @param {string} name
 */
export const adviceFor = (name) => {
  const found = advice.find((one) => one.match.test(name));
  return found ? { loss: found.loss, act: found.act } : { loss: "", act: "Look at its log, and start it again." };
};

/**
 * byHealth puts the parts that are away first, and keeps the order else.
 * @param {Part[]} parts
 */
export const byHealth = (parts) => [...parts].sort((a, b) => Number(a.healthy) - Number(b.healthy));

/**
 * share says how full the memory is, from 0 to 1.
 * @param {{bytes: number, limitBytes: number}} memory
 */
export const share = ({ bytes, limitBytes }) => (limitBytes > 0 ? Math.min(1, Math.max(0, bytes / limitBytes)) : 0);
