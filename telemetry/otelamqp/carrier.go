package otelamqp

import (
	"context"
	"maps"

	"github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel/propagation"
)

// HeaderCarrier reads and writes the fields of a propagator in message headers. It reads short strings, long strings
// and byte arrays, because clients differ. A value of another type counts as absent.
type HeaderCarrier amqp091.Table

var _ propagation.TextMapCarrier = HeaderCarrier(nil)

// Get returns the value of key, or "" if it is absent or not text.
func (c HeaderCarrier) Get(key string) string {
	switch v := c[key].(type) {
	case string:
		return v
	case []byte:
		return string(v)
	}
	return ""
}

// Set writes value under key.
func (c HeaderCarrier) Set(key, value string) { c[key] = value }

// Keys returns the names of all headers.
func (c HeaderCarrier) Keys() []string {
	keys := make([]string, 0, len(c))
	for key := range c {
		keys = append(keys, key)
	}
	return keys
}

// Inject writes the context of ctx into the headers of p. It replaces p.Headers by a copy, because publishings often
// share a table. It removes the fields of prop first, because a republished message still has the context of its last
// hop.
func Inject(ctx context.Context, p *amqp091.Publishing, prop propagation.TextMapPropagator) {
	headers := make(amqp091.Table, len(p.Headers)+4)
	maps.Copy(headers, p.Headers)
	for _, field := range prop.Fields() {
		delete(headers, field)
	}
	prop.Inject(ctx, HeaderCarrier(headers))
	p.Headers = headers
}

// Extract returns ctx with the remote span context and the baggage that prop reads from the headers. Without a valid
// context in the headers it returns ctx unchanged.
func Extract(ctx context.Context, h amqp091.Table, prop propagation.TextMapPropagator) context.Context {
	return prop.Extract(ctx, HeaderCarrier(h))
}
