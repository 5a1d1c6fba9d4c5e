package broker

import (
	"context"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"traceria/telemetry"
)

// queueKey is the queue of a handler that hangs.
const queueKey = attribute.Key("traceria.queue")

// Hung is a handler that did not return when its message was taken from it: the connection was lost, RabbitMQ ended the
// consumer, or the service stops. RabbitMQ delivers the message again. The handler keeps its place in the [Gate].
type Hung struct {
	Queue          string `json:"queue"`
	ConversationID string `json:"conversationId"`
	// Since is when the handler took the message.
	Since time.Time `json:"since"`
}

// hungHandlers counts the handlers that hang.
type hungHandlers struct {
	log   zerolog.Logger
	count metric.Int64UpDownCounter

	mu  sync.Mutex
	all map[*hand]struct{}
}

func newHungHandlers(tel *telemetry.Telemetry) *hungHandlers {
	// The SDK reports an error itself and returns an instrument that does nothing.
	count, _ := tel.MeterProvider.Meter(scope).Int64UpDownCounter("traceria.broker.hung", metric.WithUnit("{handler}"),
		metric.WithDescription("Handlers that have not returned although their message was taken from them"))
	return &hungHandlers{log: tel.Log, count: count, all: map[*hand]struct{}{}}
}

// begin makes the metric of a queue begin with 0.
func (h *hungHandlers) begin(ctx context.Context, queue string) {
	h.count.Add(ctx, 0, metric.WithAttributes(queueKey.String(queue)))
}

func (h *hungHandlers) add(ctx context.Context, one *hand) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all[one] = struct{}{}
	h.count.Add(ctx, 1, metric.WithAttributes(queueKey.String(one.queue)))
	h.log.Warn().Str("queue", one.queue).Str("conversation", one.conversation).Time("since", one.since).Int("hung", len(h.all)).
		Msg("a handler does not return; its subscription goes on without it")
}

// returned forgets a handler that has returned after all.
func (h *hungHandlers) returned(ctx context.Context, one *hand) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, counted := h.all[one]; !counted {
		return
	}
	delete(h.all, one)
	h.count.Add(ctx, -1, metric.WithAttributes(queueKey.String(one.queue)))
	h.log.Info().Str("queue", one.queue).Str("conversation", one.conversation).Int("hung", len(h.all)).
		Msg("a handler that hung has returned")
}

// list returns the handlers that hang, the longest first.
func (h *hungHandlers) list() []Hung {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []Hung
	for _, work := range worksOf(h.all) {
		all = append(all, Hung(work))
	}
	return all
}
