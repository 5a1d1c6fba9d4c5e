package otelamqp

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel/trace"
)

// tables holds header tables for reuse. Only tables that the channel did not keep are returned to it.
var tables = sync.Pool{New: func() any { return make(amqp091.Table, 8) }}

// maxPooledHeaders limits the reuse, so that one very large table does not stay in memory.
const maxPooledHeaders = 32

// headers returns a copy of the header table of m with the trace context and the send time. If pooled is true, the
// caller releases the table after publishing.
func (p *Publisher) headers(ctx context.Context, m *Message) (headers amqp091.Table, pooled bool) {
	given := m.Publishing.Headers
	pooled = p.reuseHeaders && m.Prepare == nil && len(given) <= maxPooledHeaders
	if pooled {
		headers = tables.Get().(amqp091.Table)
	} else {
		headers = make(amqp091.Table, len(given)+4)
	}
	maps.Copy(headers, given)
	if !m.KeepContext {
		if len(given) > 0 {
			for _, field := range p.cfg.fields() {
				delete(headers, field)
			}
		}
		p.cfg.propagator.Inject(ctx, HeaderCarrier(headers))
	}
	if p.cfg.sentAtHeader != "" {
		headers[p.cfg.sentAtHeader] = p.sendTime()
	}
	return headers, pooled
}

func release(headers amqp091.Table) {
	clear(headers)
	tables.Put(headers)
}

// sendTime returns the time in Unix nanoseconds. The value is unique for each message of the publisher, because it
// identifies returned messages.
func (p *Publisher) sendTime() int64 {
	for {
		now, last := time.Now().UnixNano(), p.lastSent.Load()
		if now <= last {
			now = last + 1
		}
		if p.lastSent.CompareAndSwap(last, now) {
			return now
		}
	}
}

// creation returns the context of the span that created a message. It is invalid if the headers have none.
func (c *config) creation(ctx context.Context, h amqp091.Table) trace.SpanContext {
	ctx = trace.ContextWithSpan(ctx, nil) // so that the result can only come from the headers
	return trace.SpanContextFromContext(Extract(ctx, h, c.propagator))
}
