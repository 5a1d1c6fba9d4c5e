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

// identity stands, in a schema, for the type of a primary key that numbers itself.
const identity = "{{identity}}"

// The outbox holds what is not confirmed by the broker yet: a row goes when its message is stored and routed. The
// first index finds the first in the line of a conversation, the second what was put aside, the third what is sent again.
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

// What keeps a message in the outbox. The later facts of its conversation wait for one that is waiting or refused; one
// that is unroutable or unreadable was put aside, and one that is sent again was in its place the first time.
const (
	waiting    = "waiting"    // it was not sent yet, or nobody knows
	refused    = "refused"    // the broker did not take it: a nack, no confirm in time
	unroutable = "unroutable" // no queue wanted it
	unreadable = "unreadable" // the row is damaged
	again      = "again"      // it was sent, and is sent again because somebody asked for it
)

// refusedKey says, on the span of whoever wanted to publish it, why an event was refused.
const refusedKey = attribute.Key("traceria.event.refused")

// Publish puts one fact, in one form or several, into the outbox. It is published if and only if the
// transaction commits, in the trace of ctx and in its conversation: the facts of one conversation are sent in the order
// of their Publish, each when the broker has the one before.
//
// An event that is not registered or not what its schema says is an [event.Refusal]: the transaction that returns it
// keeps nothing, and the span in ctx says what was refused and why.
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
		// A fact of no conversation is one of its own: it waits for nobody.
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
