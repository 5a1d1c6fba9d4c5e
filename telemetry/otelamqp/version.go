package otelamqp

import (
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// ScopeName is the instrumentation scope of all spans and metrics of this package.
const ScopeName = "traceria/telemetry/otelamqp"

// schemaURL identifies the version of the semantic conventions.
const schemaURL = semconv.SchemaURL

// Version returns the version of the instrumentation scope.
func Version() string { return "0.1.0" }
