// A delivery service in Node. It takes OrderBoxed from QUEUE, and publishes DeliveryNotificationSent and OrderDelivered to
// EXCHANGE. OpenTelemetry's instrumentation of amqplib makes the spans and carries the context.
//
// MODE chooses what it does well or badly:
//   parent      the process span is a child of the send span
//   link        useLinksForConsume: a trace of its own, with a link
//   ack-early   acks before the work
//   bare        no instrumentation: the context is lost
//   silent      publishes nothing
"use strict";

const { trace } = require("@opentelemetry/api");
const { OTLPTraceExporter } = require("@opentelemetry/exporter-trace-otlp-http");
const { registerInstrumentations } = require("@opentelemetry/instrumentation");
const { AmqplibInstrumentation } = require("@opentelemetry/instrumentation-amqplib");
const { resourceFromAttributes } = require("@opentelemetry/resources");
const { BatchSpanProcessor, NodeTracerProvider } = require("@opentelemetry/sdk-trace-node");
const { randomUUID } = require("node:crypto");
const { setTimeout: sleep } = require("node:timers/promises");

const mode = process.env.MODE || "parent";
const name = process.env.OTEL_SERVICE_NAME || "courier";

const provider = new NodeTracerProvider({
  resource: resourceFromAttributes({ "service.name": name }),
  spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter(), { scheduledDelayMillis: 1000 })],
});
provider.register(); // with the propagators for trace context and baggage
registerInstrumentations({
  instrumentations: mode === "bare" ? [] : [new AmqplibInstrumentation({ useLinksForConsume: mode === "link" })],
});
const amqplib = require("amqplib"); // after the instrumentation

function envelope(eventType, cause, data) {
  return {
    metadata: {
      eventType, version: "v1", eventId: randomUUID(), eventDate: new Date().toISOString(), source: name,
      conversationId: cause.metadata.conversationId, causationId: cause.metadata.eventId,
    },
    data,
  };
}

function publish(channel, eventType, routingKey, cause, data) {
  const event = envelope(eventType, cause, data);
  return new Promise((resolve, reject) => channel.publish(process.env.EXCHANGE, routingKey, Buffer.from(JSON.stringify(event)), {
    persistent: true, contentType: "application/json", type: eventType, appId: name,
    messageId: `${event.metadata.eventId}.v1`, correlationId: event.metadata.conversationId,
  }, (err) => (err ? reject(err) : resolve())));
}

async function deliver(channel, message) {
  const boxed = JSON.parse(message.content);
  const { orderId } = boxed.data;
  if (mode === "ack-early") channel.ack(message);
  if (mode !== "silent") {
    await publish(channel, "DeliveryNotificationSent", "delivery.delivery-notification-sent.v1", boxed, { orderId, customerId: "unknown" });
  }
  await trace.getTracer("delivery").startActiveSpan("drive", async (drive) => {
    await sleep(50);
    drive.end();
  });
  if (mode !== "silent") await publish(channel, "OrderDelivered", "delivery.order-delivered.v1", boxed, { orderId });
  if (mode !== "ack-early") channel.ack(message);
}

async function main() {
  const connection = await amqplib.connect(process.env.AMQP_URL);
  const channel = await connection.createConfirmChannel();
  await channel.prefetch(1);
  await channel.assertExchange(process.env.EXCHANGE, "topic", { durable: true });
  await channel.assertQueue(process.env.QUEUE, { durable: true });
  await channel.bindQueue(process.env.QUEUE, process.env.EXCHANGE, "kitchen.order-boxed.v1");
  await channel.consume(process.env.QUEUE, (message) => {
    if (message) {
      deliver(channel, message).catch((err) => {
        console.error(err);
        channel.nack(message, false, false);
      });
    }
  });
  console.log("ready");
  process.on("SIGTERM", async () => {
    await connection.close();
    await provider.shutdown();
    process.exit(0);
  });
}

main().catch((err) => {
  console.error(err);
  process.exit(1);
});
