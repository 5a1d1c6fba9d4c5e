package telemetry

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Traceria's own attributes. The messaging conventions have no names for them, so they are not in messaging.*.
const (
	// ConversationKey is the id of the business conversation (the order) that a span belongs to.
	ConversationKey = attribute.Key("traceria.conversation")
	// KindKey says whether a span handles a command, an event or a query.
	KindKey = attribute.Key("traceria.kind")
	// CustomerKey is the customer of the order that a span has taken.
	CustomerKey = attribute.Key("traceria.customer")
	// OrderNumberKey is the number of the order for people, such as ORD17.
	OrderNumberKey = attribute.Key("traceria.order.number")
	// DuplicateKey is true on the process span of an event that its subscription has already handled.
	DuplicateKey = attribute.Key("traceria.message.duplicate")
	// ResentKey is true on the send span of an event that is published again on request.
	ResentKey = attribute.Key("traceria.outbox.resent")
)

// The three kinds of interaction in an event-driven system.
const (
	Command = "command"
	Event   = "event"
	Query   = "query"
)

type conversationKey struct{}

// WithConversation returns a context in which every new span has id as traceria.conversation. It also sets the attribute on
// the current span of ctx. An empty id changes nothing.
func WithConversation(ctx context.Context, id string) context.Context {
	if id == "" {
		return ctx
	}
	trace.SpanFromContext(ctx).SetAttributes(ConversationKey.String(id))
	return context.WithValue(ctx, conversationKey{}, id)
}

// Conversation returns the id that [WithConversation] put into ctx, or "".
func Conversation(ctx context.Context) string {
	id, _ := ctx.Value(conversationKey{}).(string)
	return id
}

// conversationProcessor copies the conversation from the context to each span that starts in it. So spans of database and
// HTTP instrumentation have it as well.
type conversationProcessor struct{}

func (conversationProcessor) OnStart(ctx context.Context, s sdktrace.ReadWriteSpan) {
	if id := Conversation(ctx); id != "" {
		s.SetAttributes(ConversationKey.String(id))
	}
}

func (conversationProcessor) OnEnd(sdktrace.ReadOnlySpan)      {}
func (conversationProcessor) Shutdown(context.Context) error   { return nil }
func (conversationProcessor) ForceFlush(context.Context) error { return nil }
