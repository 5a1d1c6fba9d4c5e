package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"traceria/services/host"
	"traceria/telemetry/otlp"
	"traceria/telemetry/tracetree"
)

// spanAnswer is the answer of GET /api/journeys/{id}/spans/{traceId}/{spanId}.
type spanAnswer struct {
	Span     tracetree.Span    `json:"span"`
	Resource map[string]any    `json:"resource"`
	Scope    tracetree.Scope   `json:"scope"`
	Events   []tracetree.Event `json:"events"`
	// Derived is what the console has worked out: the names of the conventions of today, and the wait.
	Derived map[string]any `json:"derived"`
	Links   []linkOf       `json:"links"`
	// LinkedFrom are the spans that link to this one.
	LinkedFrom []linkOf `json:"linkedFrom"`
	Logs       []logOf  `json:"logs"`
	// Message is the event that the span is about, or null. MessageNote then says why.
	Message     *Message `json:"message"`
	MessageNote string   `json:"messageNote,omitempty"`
	// Jaeger is the span's page in Jaeger.
	Jaeger string `json:"jaeger"`
}

// linkOf is a link with the name of the span at its other end, which is "" for a span that is not here.
type linkOf struct {
	TraceID    tracetree.TraceID `json:"traceId"`
	SpanID     tracetree.SpanID  `json:"spanId"`
	Name       string            `json:"name"`
	Service    string            `json:"service"`
	Attributes map[string]any    `json:"attributes,omitempty"`
}

type logOf struct {
	At         time.Time      `json:"at"`
	Severity   string         `json:"severity"`
	Body       string         `json:"body"`
	Attributes map[string]any `json:"attributes,omitempty"`
}

// showSpan answers GET /api/journeys/{id}/spans/{traceId}/{spanId}.
func (c *console) showSpan(w http.ResponseWriter, r *http.Request) error {
	if _, err := parameters(r); err != nil {
		return err
	}
	s, closed, err := c.storyOf(r)
	if err != nil {
		return err
	}
	defer closed()
	traceID, spanID := r.PathValue("traceId"), r.PathValue("spanId")
	span, ok := spanOf(s.spans, traceID, spanID)
	if !ok {
		return host.NotFound("journey %.100q has no span %.40q in trace %.40q", s.row.ID, spanID, traceID)
	}
	a := spanAnswer{
		Span: span, Resource: encodable(span.Resource), Scope: span.Scope, Events: events(span), Derived: encodable(derived(s.spans, span)),
		Links: []linkOf{}, LinkedFrom: []linkOf{}, Logs: logsOf(s.logs, span),
		Jaeger: c.jaegerTrace(span.TraceID) + "?uiFind=" + url.QueryEscape(span.SpanID),
	}
	for _, link := range span.Links {
		other, _ := spanOf(s.spans, link.TraceID, link.SpanID)
		a.Links = append(a.Links, linkOf{link.TraceID, link.SpanID, other.Name, other.Service, encodable(link.Attributes)})
	}
	for _, other := range s.spans {
		for _, link := range other.Links {
			if link.TraceID == span.TraceID && link.SpanID == span.SpanID {
				a.LinkedFrom = append(a.LinkedFrom, linkOf{other.TraceID, other.SpanID, other.Name, other.Service, encodable(link.Attributes)})
			}
		}
	}
	a.Message, a.MessageNote = c.message(r.Context(), s, span)
	return host.WriteJSON(w, http.StatusOK, a)
}

func spanOf(spans []tracetree.Span, traceID tracetree.TraceID, spanID tracetree.SpanID) (tracetree.Span, bool) {
	for _, span := range spans {
		if span.SpanID == spanID && span.TraceID == traceID {
			return span, true
		}
	}
	return tracetree.Span{}, false
}

// derived is what the conventions of today and the other spans say about a span.
func derived(spans []tracetree.Span, span tracetree.Span) (found map[string]any) {
	treeOf(spans).Walk(func(n *tracetree.Node, _ int) {
		if n.SpanID == span.SpanID && n.TraceID == span.TraceID {
			found = n.Derived()
		}
	})
	return found
}

func events(span tracetree.Span) []tracetree.Event {
	found := make([]tracetree.Event, len(span.Events))
	for n, e := range span.Events {
		e.Attributes = encodable(e.Attributes)
		found[n] = e
	}
	return found
}

func logsOf(logs []otlp.Log, span tracetree.Span) []logOf {
	found := []logOf{}
	for _, l := range logs {
		if l.TraceID == span.TraceID && l.SpanID == span.SpanID {
			found = append(found, logOf{l.At, l.Severity, l.Body, encodable(l.Attributes)})
		}
	}
	return found
}

// message returns the event that a span is about. The second text says why there is none.
func (c *console) message(ctx context.Context, s story, span tracetree.Span) (*Message, string) {
	id := messageID(span)
	switch {
	case id == "":
		return nil, "the span is about no message"
	case c.system.Message == nil:
		return nil, "spans do not carry the body of a message"
	}
	service := sender(s.spans, id)
	if service == "" {
		return nil, fmt.Sprintf("no span says which service sent the message %.100s", id)
	}
	ctx, cancel := context.WithTimeout(ctx, awaited)
	defer cancel()
	m, err := c.system.Message(ctx, service, id)
	switch {
	case errors.Is(err, ErrNoMessage):
		return nil, fmt.Sprintf("the outbox of %s does not have the message any more", service)
	case err != nil:
		return nil, fmt.Sprintf("the outbox of %s cannot be read: %.300v", service, err)
	}
	return &m, ""
}

// messageID is the id of the message that a span is about, or "".
func messageID(span tracetree.Span) string {
	m, _ := tracetree.MessagingOf(span)
	return m.MessageID
}

// sender returns the service whose span sent the message, or "".
func sender(spans []tracetree.Span, id string) string {
	for _, span := range spans {
		if span.Kind == tracetree.KindProducer && messageID(span) == id {
			return span.Service
		}
	}
	return ""
}
