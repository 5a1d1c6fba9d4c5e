package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"traceria/services/event"
)

// sentSchema creates the sent messages, which [DB.Resend] sends again, and its requests: the routing keys with spaces between
// them, the time before which the messages were sent, the last row of the request (0 until the relay begins it), and the
// last row that is done.
const sentSchema = `
CREATE TABLE IF NOT EXISTS sent (
	id           {{identity}},
	event_id     TEXT NOT NULL,
	conversation TEXT NOT NULL,
	routing_key  TEXT NOT NULL,
	envelope     TEXT NOT NULL,
	context      TEXT NOT NULL,
	created_at   BIGINT NOT NULL,
	sent_at      BIGINT NOT NULL
);
CREATE INDEX IF NOT EXISTS sent_at ON sent (sent_at);
CREATE INDEX IF NOT EXISTS sent_event ON sent (event_id);
CREATE TABLE IF NOT EXISTS resend (
	id           {{identity}},
	routing_keys TEXT NOT NULL,
	last_row     BIGINT NOT NULL DEFAULT 0,
	done_to      BIGINT NOT NULL DEFAULT 0,
	sent_before  BIGINT NOT NULL
);
`

// The times for which sent messages are kept (see [DB.KeepSent]). A deleted queue is noticed within seconds. The inbox keeps
// an event id for a week: a message that is sent again after that would be handled again.
const (
	DefaultKeepSent = time.Hour
	LeastKeepSent   = time.Minute
	MostKeepSent    = 24 * time.Hour
)

// CheckKeepSent parses a duration for [DB.KeepSent]. The error says which ones are allowed.
func CheckKeepSent(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d < LeastKeepSent || d > MostKeepSent {
		return 0, errors.New("want a duration from 1m to 24h, such as 1h")
	}
	return d, nil
}

// KeepSent sets the time for which sent messages are kept for [DB.Resend].
func (db *DB) KeepSent(d time.Duration) { db.keepSent.Store(int64(d)) }

// routingKey returns "" for an unreadable row, which is never sent.
func (r outboxRow) routingKey() string {
	typ, err := event.Lookup(r.Envelope.Metadata.EventType, r.Envelope.Metadata.Version)
	if err != nil {
		return ""
	}
	return typ.RoutingKey()
}

// keepSent moves rows, by routing key, from the outbox to the sent messages. sent_at is the time at which the relay took
// them up: the broker may have routed a message at any time since.
func (tx *Tx) keepSent(ctx context.Context, byKey map[string][]any, takenUp time.Time) error {
	var all []any
	for key, ids := range byKey {
		all = append(all, ids...)
		ids = padded(ids)
		if _, err := tx.ExecContext(ctx, `INSERT INTO sent (event_id, conversation, routing_key, envelope, context, created_at, sent_at)
			SELECT event_id, conversation, CAST($1 AS TEXT), envelope, context, created_at, CAST($2 AS BIGINT)
			FROM outbox WHERE id IN (`+placeholders(3, len(ids))+`) ORDER BY id`, append([]any{key, takenUp.UnixNano()}, ids...)...); err != nil {
			return fmt.Errorf("keep %d sent rows: %w", len(ids), err)
		}
	}
	if len(all) == 0 {
		return nil
	}
	all = padded(all)
	if _, err := tx.ExecContext(ctx, `DELETE FROM outbox WHERE id IN (`+placeholders(1, len(all))+`)`, all...); err != nil {
		return fmt.Errorf("remove %d rows from the outbox: %w", len(all), err)
	}
	return nil
}
