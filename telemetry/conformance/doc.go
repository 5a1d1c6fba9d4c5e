// Package conformance checks whether a consumer keeps the context of a message. It compares what a publisher sent with the
// spans of the consumer, and with what the consumer published, and returns a verdict for each rule:
//
//	verdicts := conformance.Check(sent, spans, published)
//	err := conformance.Print(os.Stdout, verdicts)
//	if !conformance.Holds(verdicts) { ... }
//
// The consumer may be written in any language. The rules are those of the messaging conventions of OpenTelemetry (semantic
// conventions 1.43), of W3C Trace Context and W3C Baggage, and two of Traceria: the conversation id, and the ack after the
// work. Instrumentations with the names from before 1.17 are common. A rule that holds under such a name has the result
// [Old], which is not [Wrong].
//
// Spans do not show everything. A rule about something that neither the spans nor the published messages show has the
// result [NotSeen], and its detail says how to make it visible.
//
// README.md lists the rules.
package conformance
