package otelamqp

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/rabbitmq/amqp091-go"
	"go.opentelemetry.io/otel/trace"
)

// tables are header tables for publishings, used again where nobody can have kept one.
var tables = sync.Pool{New: func() any { return make(amqp091.Table, 8) }}

// maxPooledHeaders keeps the table of one extraordinary message from staying in memory.
const maxPooledHeaders = 32

// headers returns the header table for m, a copy with the trace context and the send time, and whether it is to be
// released after publishing.
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

// sendTime returns the time in Unix nanoseconds, different for each message of this publisher: returned messages are
// recognized by it.
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

// creation returns the context of the span that created a message, invalid when its headers hold none.
func (c *config) creation(ctx context.Context, h amqp091.Table) trace.SpanContext {
	ctx = trace.ContextWithSpan(ctx, nil) // what is there afterwards is the message's
	return trace.SpanContextFromContext(Extract(ctx, h, c.propagator))
}
