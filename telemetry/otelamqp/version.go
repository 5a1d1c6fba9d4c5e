package otelamqp

import (
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// ScopeName is the name of the instrumentation scope of every span and metric of this package.
const ScopeName = "traceria/telemetry/otelamqp"

// schemaURL says which version of the semantic conventions the telemetry follows.
const schemaURL = semconv.SchemaURL

// Version returns the version of this instrumentation, the version of its instrumentation scope.
func Version() string { return "0.1.0" }
