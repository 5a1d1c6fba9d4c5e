package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"traceria/services/event"
	"traceria/telemetry"
)

// The outbox holds what is not confirmed by the broker yet: a row goes when its event is stored and routed.
const outboxSchema = `
CREATE TABLE IF NOT EXISTS outbox (
	id         {{identity}},
	envelope   TEXT NOT NULL,
	context    TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	not_before BIGINT NOT NULL DEFAULT 0,
	attempts   BIGINT NOT NULL DEFAULT 0,
	last_error TEXT NOT NULL DEFAULT ''
);
`

// Publish puts one fact, in one form or several, into the outbox. It is published if and only if the
// transaction commits, in the trace of ctx and in its conversation.
func (tx *Tx) Publish(ctx context.Context, forms ...event.Payload) error {
	envelopes, err := event.New(ctx, tx.source, telemetry.Conversation(ctx), forms...)
	if err != nil {
		return err
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
		if _, err := tx.ExecContext(ctx, `INSERT INTO outbox (envelope, context, created_at) VALUES ($1, $2, $3)`,
			string(text), string(carried), time.Now().UnixNano()); err != nil {
			return fmt.Errorf("store %s in the outbox: %w", envelope.Metadata.EventType, err)
		}
	}
	tx.publish = true
	return nil
}
