package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/trace"

	"traceria/services/event"
	"traceria/telemetry"
)

// inboxSchema creates the inbox: the events that each subscription has handled. Its key is the event's identity, source and
// id, which all versions of a fact share. So the second version of a fact, like a repeated message, changes nothing.
const inboxSchema = `
CREATE TABLE IF NOT EXISTS inbox (
	subscription TEXT NOT NULL,
	source       TEXT NOT NULL,
	event_id     TEXT NOT NULL,
	handled_at   BIGINT NOT NULL,
	PRIMARY KEY (subscription, source, event_id)
);
CREATE INDEX IF NOT EXISTS inbox_handled ON inbox (handled_at);
`

var errNoReceipt = errors.New("the context has no event that is being handled: want event.WithReceipt")

// Once runs fn in a transaction that also adds the event in ctx ([event.WithReceipt]) to the inbox. If the event is there
// already, Once marks the span in ctx as a duplicate and returns nil without running fn. Work in several transactions uses
// [DB.Do] for all but the last.
func (db *DB) Once(ctx context.Context, fn func(tx *Tx) error) error {
	return db.Do(ctx, func(tx *Tx) error {
		first, err := tx.Receive(ctx)
		if err != nil || !first {
			return err
		}
		return fn(tx)
	})
}

// Receive adds the event in ctx to the inbox. first is false if the subscription has handled the event before. Receive then
// marks the span in ctx as a duplicate.
func (tx *Tx) Receive(ctx context.Context) (first bool, err error) {
	receipt, ok := event.ReceiptOf(ctx)
	if !ok {
		return false, errNoReceipt
	}
	result, err := tx.ExecContext(ctx, `INSERT INTO inbox (subscription, source, event_id, handled_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT DO NOTHING`, receipt.Subscription, receipt.Identity.Source, receipt.Identity.ID, time.Now().UnixNano())
	if err != nil {
		return false, fmt.Errorf("write the inbox: %w", err)
	}
	n, err := result.RowsAffected()
	if err == nil && n == 0 {
		trace.SpanFromContext(ctx).SetAttributes(telemetry.DuplicateKey.Bool(true))
		tx.Committed(func() { tx.duplicates.count(ctx, receipt.Subscription) })
	}
	return n > 0, err
}

// Received tells whether the subscription has handled the event in ctx before. It then marks the span in ctx as a duplicate.
func (tx *Tx) Received(ctx context.Context) (bool, error) {
	receipt, ok := event.ReceiptOf(ctx)
	if !ok {
		return false, errNoReceipt
	}
	var n int
	if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM inbox WHERE subscription = $1 AND source = $2 AND event_id = $3`,
		receipt.Subscription, receipt.Identity.Source, receipt.Identity.ID).Scan(&n); err != nil {
		return false, fmt.Errorf("read the inbox: %w", err)
	}
	if n > 0 {
		trace.SpanFromContext(ctx).SetAttributes(telemetry.DuplicateKey.Bool(true))
	}
	return n > 0, nil
}
