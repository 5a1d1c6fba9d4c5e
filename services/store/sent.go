package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"traceria/services/event"
)

// What was sent is kept for a while beside the outbox: when a queue was deleted, what it held can be sent again. The
// outbox itself stays as small as what is not sent, and its indexes with it.
//
// resend has a row for each wish to have some of it again: routing keys with a space between them, the time before which it was sent, the last row that
// it is about, once the relay has taken it up, and the row up to which it is done.
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
CREATE TABLE IF NOT EXISTS resend (
	id           {{identity}},
	routing_keys TEXT NOT NULL,
	last_row     BIGINT NOT NULL DEFAULT 0,
	done_to      BIGINT NOT NULL DEFAULT 0,
	sent_before  BIGINT NOT NULL
);
`

// DefaultKeepSent is how long what was sent is kept unless [DB.KeepSent] says otherwise, LeastKeepSent and MostKeepSent
// are the limits of what makes sense: a deleted queue is noticed within seconds, and the inbox remembers for a week, after
// which what is sent again would be handled again.
const (
	DefaultKeepSent = time.Hour
	LeastKeepSent   = time.Minute
	MostKeepSent    = 24 * time.Hour
)

// CheckKeepSent reads a time for [DB.KeepSent], and says what is wrong with it.
func CheckKeepSent(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d < LeastKeepSent || d > MostKeepSent {
		return 0, errors.New("want a duration from 1m to 24h, such as 1h")
	}
	return d, nil
}

// KeepSent sets how long what was sent is kept, so that [DB.Resend] can send it again.
func (db *DB) KeepSent(d time.Duration) { db.keepSent.Store(int64(d)) }

// routingKey is empty for a row that cannot be read, which is never sent either.
func (r outboxRow) routingKey() string {
	typ, err := event.Lookup(r.Envelope.Metadata.EventType, r.Envelope.Metadata.Version)
	if err != nil {
		return ""
	}
	return typ.RoutingKey()
}

// keepSent takes rows out of the outbox, by routing key, and keeps them among what was sent.
// sent_at is when the relay took them up: a message may have been routed at any time since.
func (tx *Tx) keepSent(ctx context.Context, byKey map[string][]any, takenUp time.Time) error {
	for key, ids := range byKey {
		if _, err := tx.ExecContext(ctx, `INSERT INTO sent (event_id, conversation, routing_key, envelope, context, created_at, sent_at)
			SELECT event_id, conversation, CAST($1 AS TEXT), envelope, context, created_at, CAST($2 AS BIGINT)
			FROM outbox WHERE id IN (`+placeholders(3, len(ids))+`) ORDER BY id`, append([]any{key, takenUp.UnixNano()}, ids...)...); err != nil {
			return fmt.Errorf("keep %d rows that were sent: %w", len(ids), err)
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM outbox WHERE id IN (`+placeholders(1, len(ids))+`)`, ids...); err != nil {
			return fmt.Errorf("remove %d rows from the outbox: %w", len(ids), err)
		}
	}
	return nil
}
