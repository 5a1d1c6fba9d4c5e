// Package conformance is the scenario in which a service of your own takes the place of delivery. [Run] publishes OrderBoxed,
// waits for what the service publishes and for its spans in Jaeger, and says for each rule whether the service keeps the context.
// The rules are those of package telemetry/conformance, and the contracts of the two events.
//
// page.md explains how to bring a service.
package conformance
