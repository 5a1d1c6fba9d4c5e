package pizzeria

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"traceria/services/host"
	"traceria/services/order/journey"
	"traceria/services/order/orderclient"
	"traceria/telemetry"
	"traceria/telemetry/tracetree"
)

const (
	// missingFresh is how long an answer about a conversation is used again, and missingTime the limit of one.
	missingFresh = time.Second
	missingTime  = 3 * time.Second
	// missingMost is the number of conversations that are asked about at the same time.
	missingMost = 4
)

// missingParts says what unfinished orders lack. It asks the order service, RabbitMQ and the services.
type missingParts struct {
	sources journey.Sources
	asking  singleflight.Group
	slots   chan struct{}

	mu    sync.Mutex
	known map[string]foundMissing
}

type foundMissing struct {
	at time.Time
	*journey.Missing
}

func newMissingParts(config host.Config, rabbitMQ journey.Broker) *missingParts {
	sources := journeySources(config)
	sources.Broker = rabbitMQ
	return &missingParts{sources: sources, slots: make(chan struct{}, missingMost), known: map[string]foundMissing{}}
}

// of is the function [console.System] wants. It returns nil for a conversation that is not about an order of the pizzeria.
func (m *missingParts) of(ctx context.Context, conversation string, spans []tracetree.Span) any {
	if !isOrder(conversation, spans) {
		return nil
	}
	if found, fresh := m.recent(conversation); fresh {
		return orNil(found)
	}
	answer := m.asking.DoChan(conversation, func() (any, error) {
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), missingTime)
		defer cancel()
		select {
		case m.slots <- struct{}{}:
			defer func() { <-m.slots }()
		case <-limited.Done():
			return (*journey.Missing)(nil), nil
		}
		found := journey.FindMissing(limited, m.sources, conversation, spans)
		m.keep(conversation, found)
		return found, nil
	})
	select {
	case result := <-answer:
		found, _ := result.Val.(*journey.Missing)
		return orNil(found)
	case <-ctx.Done():
		return nil
	}
}

// orNil returns an untyped nil: the console compares with nil.
func orNil(found *journey.Missing) any {
	if found == nil {
		return nil
	}
	return found
}

func (m *missingParts) recent(conversation string) (*journey.Missing, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	found, known := m.known[conversation]
	return found.Missing, known && time.Since(found.at) < missingFresh
}

// keep keeps an answer, and removes those that are too old.
func (m *missingParts) keep(conversation string, found *journey.Missing) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, old := range m.known {
		if time.Since(old.at) >= missingFresh {
			delete(m.known, id)
		}
	}
	m.known[conversation] = foundMissing{time.Now(), found}
}

// isOrder reports whether one of our services says that the spans are about this order.
func isOrder(conversation string, spans []tracetree.Span) bool {
	return orderIDForm.MatchString(conversation) && slices.ContainsFunc(spans, func(s tracetree.Span) bool {
		id, _ := s.Attributes[string(telemetry.ConversationKey)].(string)
		_, ours := host.Ports[s.Service]
		return ours && id == conversation
	})
}

var (
	orderIDForm = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	numberForm  = regexp.MustCompile(`(?i)^ORD[1-9][0-9]{0,17}$`)
	traceIDForm = regexp.MustCompile(`^[0-9a-f]{32}$`)
)

// older reads spans from Jaeger for an order number, a trace id or a conversation.
func older(config host.Config) func(ctx context.Context, id string) ([]tracetree.Span, error) {
	jaeger, orders := tracetree.NewJaeger(config.JaegerURL, nil), orderclient.New(config.URLs["order"])
	return func(ctx context.Context, id string) ([]tracetree.Span, error) {
		if traceIDForm.MatchString(id) {
			spans, err := jaeger.Trace(ctx, id)
			if !errors.Is(err, tracetree.ErrNotFound) {
				return spans, err
			}
		}
		if numberForm.MatchString(id) {
			order, err := orders.FindNumber(ctx, strings.ToUpper(id))
			if problem, ok := errors.AsType[*host.Problem](err); ok && problem.Status == http.StatusNotFound {
				return nil, fmt.Errorf("%w: %s", tracetree.ErrNotFound, problem.Detail)
			}
			if err != nil {
				return nil, err
			}
			id = order.OrderID
		}
		return jaeger.Conversation(ctx, id)
	}
}
