// Package otlp reads and writes OTLP: the requests of OTLP/HTTP for traces and logs, and files with spans. The encoding is that of
// OpenTelemetry's pdata library.
//
// Every input is bounded: the size of a body also after inflating, the nesting of values, the memory that the decoded objects need,
// the number of attributes, links and events of a span, and the length of a text. What is beyond the bounds of a span is cut. What is
// beyond the bounds of a request is refused before it is decoded.
//
// The specification is https://opentelemetry.io/docs/specs/otlp/.
package otlp
