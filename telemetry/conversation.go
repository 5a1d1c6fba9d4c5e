package telemetry

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Attributes of our own. The messaging conventions have no name for these, so they stay out of messaging.*.
const (
	// ConversationKey is the id of the business conversation (the order) that a span belongs to.
	ConversationKey = attribute.Key("traceria.conversation")
	// KindKey says whether a span handles a command, an event or a query.
	KindKey = attribute.Key("traceria.kind")
	// DuplicateKey is true on the process span of an event that its subscription had handled before.
	DuplicateKey = attribute.Key("traceria.message.duplicate")
	// ResentKey is true on the send span of an event that the broker had before, and that somebody asked for again.
	ResentKey = attribute.Key("traceria.outbox.resent")
)

// The three kinds of interaction in an event-driven system.
const (
	Command = "command"
	Event   = "event"
	Query   = "query"
)

type conversationKey struct{}

// WithConversation returns a context under which every new span carries id as traceria.conversation, and puts
// it on the span that is already in ctx.
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

// conversationProcessor copies the conversation from the context to each span that starts under it: one place,
// so that database and HTTP instrumentation that know nothing of orders have it too.
type conversationProcessor struct{}

func (conversationProcessor) OnStart(ctx context.Context, s sdktrace.ReadWriteSpan) {
	if id := Conversation(ctx); id != "" {
		s.SetAttributes(ConversationKey.String(id))
	}
}

func (conversationProcessor) OnEnd(sdktrace.ReadOnlySpan)      {}
func (conversationProcessor) Shutdown(context.Context) error   { return nil }
func (conversationProcessor) ForceFlush(context.Context) error { return nil }
