package conformance_test

import (
	"fmt"
	"os"
	"strings"

	"traceria/telemetry/conformance"
	"traceria/telemetry/tracetree"
)

// recording is a span in OTLP's JSON encoding, as a Collector's file exporter writes it.
const recording = `{"resourceSpans": [{
	"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "warehouse"}}]},
	"scopeSpans": [{"spans": [{
		"traceId": "42d1b596afbf86bf6cdaab0308abdf97", "spanId": "9b80f0f3fb843736", "parentSpanId": "9f91abf7fc1b42d6",
		"name": "warehouse process", "kind": 5, "startTimeUnixNano": "1795661700071000000", "endTimeUnixNano": "1795661700122465696",
		"attributes": [
			{"key": "messaging.system", "value": {"stringValue": "rabbitmq"}},
			{"key": "messaging.destination", "value": {"stringValue": "store"}}
		]
	}]}]
}]}`

// Judge a consumer by one span. The example prints the first eight rules.
func ExampleCheck() {
	sent := conformance.Sent{
		TraceID: "42d1b596afbf86bf6cdaab0308abdf97", SpanID: "9f91abf7fc1b42d6",
		Exchange: "shop", RoutingKey: "basket.bought", Queue: "warehouse", Conversation: "basket-1",
	}
	spans, err := tracetree.ReadOTLP(strings.NewReader(recording))
	if err != nil {
		fmt.Println(err)
		return
	}
	verdicts := conformance.Check(sent, spans, nil)
	if err := conformance.Print(os.Stdout, verdicts[:8]); err != nil {
		fmt.Println(err)
	}
	fmt.Println("holds:", conformance.Holds(verdicts))
	// Output:
	// ok               process-span      "warehouse process" (span 9b80f0f3fb843736) of warehouse
	// ok               parent-or-link    parent, without a link; both is best
	// not seen         tracestate        none was sent
	// not seen         baggage           none was sent
	// wrong            conversation      "warehouse process" (span 9b80f0f3fb843736) has no conversation id; want traceria.conversation or messaging.message.conversation_id = basket-1 (the correlation id of AMQP) [Traceria, and semconv 1.43, messaging spans]
	// ok               kind              consumer
	// old conventions  span-name         "warehouse process"; today "process shop:basket.bought:warehouse" [semconv 1.43, messaging spans, span name]
	// ok               messaging.system  rabbitmq
	// holds: false
}
