package store

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"traceria/services/event"
	"traceria/telemetry"
)

// identity is the placeholder in a schema for the type of a primary key that numbers itself.
const identity = "{{identity}}"

// outboxSchema creates the outbox: the messages that the broker has not confirmed. outbox_line finds the next message of a
// conversation, outbox_aside the messages that were put aside, and outbox_again those that are sent again.
const outboxSchema = `
CREATE TABLE IF NOT EXISTS outbox (
	id           {{identity}},
	event_id     TEXT NOT NULL,
	conversation TEXT NOT NULL,
	envelope     TEXT NOT NULL,
	context      TEXT NOT NULL,
	created_at   BIGINT NOT NULL,
	not_before   BIGINT NOT NULL DEFAULT 0,
	attempts     BIGINT NOT NULL DEFAULT 0,
	state        TEXT NOT NULL DEFAULT 'waiting',
	last_error   TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS outbox_line ON outbox (conversation, id) WHERE state IN ('waiting', 'refused');
CREATE INDEX IF NOT EXISTS outbox_aside ON outbox (not_before) WHERE state IN ('unroutable', 'unreadable');
CREATE INDEX IF NOT EXISTS outbox_again ON outbox (id) WHERE state = 'again';
`

// The states of a message in the outbox. A waiting or refused message holds back the later facts of its conversation. The
// other states do not.
const (
	waiting    = "waiting"    // not sent yet, or sent with an unknown result
	refused    = "refused"    // not accepted by the broker: a nack, or no confirm in time
	unroutable = "unroutable" // wanted by no queue
	unreadable = "unreadable" // a damaged row
	again      = "again"      // sent before, and sent again on request
)

// refusedKey is an attribute of the publishing span: the reason why the event was refused.
const refusedKey = attribute.Key("traceria.event.refused")

// Publish puts one fact, in one or several forms, into the outbox. It is sent after the commit, in the trace and the
// conversation of ctx. An event that is not registered or breaks its schema is an [event.Refusal], which the span in ctx
// shows. The transaction must then return the error.
func (tx *Tx) Publish(ctx context.Context, forms ...event.Payload) error {
	envelopes, err := event.New(ctx, tx.source, telemetry.Conversation(ctx), forms...)
	if err != nil {
		if refusal, ok := errors.AsType[*event.Refusal](err); ok {
			trace.SpanFromContext(ctx).SetAttributes(
				semconv.ErrorTypeKey.String(refusal.ErrorType()), refusedKey.String(refusal.Error()))
		}
		return err
	}
	if tx.seams.Publishing != nil {
		if after := tx.seams.Publishing(ctx, forms[0].Type()); after != nil {
			tx.committed = append(tx.committed, after)
			return nil
		}
	}
	carried, err := json.Marshal(telemetry.Carry(ctx))
	if err != nil {
		return fmt.Errorf("write the trace context: %w", err)
	}
	for _, envelope := range envelopes {
		text, err := json.Marshal(envelope)
		if err != nil {
			return fmt.Errorf("write %s: %w", envelope.Metadata.EventType, err)
		}
		// A fact without a conversation is a conversation of its own: it waits for no other fact.
		fact := envelope.Metadata.EventID
		if _, err := tx.ExecContext(ctx, `INSERT INTO outbox (event_id, conversation, envelope, context, created_at)
			VALUES ($1, $2, $3, $4, $5)`, fact, cmp.Or(envelope.Metadata.ConversationID, fact),
			string(text), string(carried), time.Now().UnixNano()); err != nil {
			return fmt.Errorf("store %s in the outbox: %w", envelope.Metadata.EventType, err)
		}
	}
	tx.publish = true
	return nil
}
