// Rows for the tests of a journey.

/** row makes a row of a waterfall. */
export const row = (spanId, parent, more = {}) => ({
  traceId: "t", spanId, parent, depth: 0, name: `span ${spanId}`, service: "order", kind: "internal", startMs: 0, durationMs: 10, ...more,
});

/** send and process are messaging rows. */
export const send = (spanId, parent, key, startMs, more = {}) =>
  row(spanId, parent, { name: `send events:${key}`, kind: "producer", startMs, durationMs: 1, messaging: { system: "rabbitmq", operation: "send", exchange: "events", routingKey: key }, ...more });

export const process = (spanId, parent, queue, startMs, more = {}) =>
  row(spanId, parent, {
    name: `process events:x.v1:${queue}`, kind: "consumer", service: queue.split(".")[0], startMs, attempt: 1, settled: "ack", wait: { ms: 3, told: true, queue },
    messaging: { system: "rabbitmq", operation: "process", exchange: "events", routingKey: "x.v1", queue }, ...more,
  });

/** order is a request, its database spans, an event and the process span of a consumer with a database span. */
export const order = () => [
  row("a", -1, { kind: "server", name: "POST /order" }),
  row("b", 0, { database: true }),
  row("c", 0, { database: true }),
  send("d", 0, "x.v1", 10),
  process("e", 3, "kitchen.x", 14),
  row("f", 4, { database: true, startMs: 15, durationMs: 2 }),
];
