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

// The inbox holds which events a subscription has handled. It is keyed by the id of the fact, so that two versions
// of one fact, or the same message twice, change nothing the second time.
const inboxSchema = `
CREATE TABLE IF NOT EXISTS inbox (
	subscription TEXT NOT NULL,
	event_id     TEXT NOT NULL,
	handled_at   BIGINT NOT NULL,
	PRIMARY KEY (subscription, event_id)
);
CREATE INDEX IF NOT EXISTS inbox_handled ON inbox (handled_at);
`

var errNoReceipt = errors.New("no event is being handled here (event.WithReceipt)")

// Once runs fn in a transaction that also writes the event in ctx ([event.WithReceipt]) into the inbox. When it is
// there already fn is not run, the span in ctx says that the message is a duplicate, and the result is nil.
//
// Work of several transactions uses [DB.Do] for all but the last.
func (db *DB) Once(ctx context.Context, fn func(tx *Tx) error) error {
	return db.Do(ctx, func(tx *Tx) error {
		first, err := tx.Receive(ctx)
		if err != nil || !first {
			return err
		}
		return fn(tx)
	})
}

// Receive writes the event in ctx into the inbox. first is false when its subscription has handled it before: the
// span in ctx then says so.
func (tx *Tx) Receive(ctx context.Context) (first bool, err error) {
	receipt, ok := event.ReceiptOf(ctx)
	if !ok {
		return false, errNoReceipt
	}
	result, err := tx.ExecContext(ctx, `INSERT INTO inbox (subscription, event_id, handled_at) VALUES ($1, $2, $3)
		ON CONFLICT DO NOTHING`, receipt.Subscription, receipt.EventID, time.Now().UnixNano())
	if err != nil {
		return false, fmt.Errorf("write the inbox: %w", err)
	}
	n, err := result.RowsAffected()
	if err == nil && n == 0 {
		trace.SpanFromContext(ctx).SetAttributes(telemetry.DuplicateKey.Bool(true))
	}
	return n > 0, err
}

// Received tells whether the event in ctx was handled before, which its span then says.
func (tx *Tx) Received(ctx context.Context) (bool, error) {
	receipt, ok := event.ReceiptOf(ctx)
	if !ok {
		return false, errNoReceipt
	}
	var n int
	if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM inbox WHERE subscription = $1 AND event_id = $2`,
		receipt.Subscription, receipt.EventID).Scan(&n); err != nil {
		return false, fmt.Errorf("read the inbox: %w", err)
	}
	if n > 0 {
		trace.SpanFromContext(ctx).SetAttributes(telemetry.DuplicateKey.Bool(true))
	}
	return n > 0, nil
}
