package store

import (
	"context"
	"fmt"
	"time"
)

const (
	// inboxRetention is how long an event is remembered. A message that is repeated later than that is handled again:
	// no queue, and nobody who redrives dead letters, should take as long.
	inboxRetention = 7 * 24 * time.Hour
	pruneEvery     = time.Hour
	pruneAgain     = time.Second
	// pruneSentEvery is how often what was sent is looked through.
	pruneSentEvery = 10 * time.Second
	// pruneSize is how many rows go at once: SQLite has one writer, and the others wait for it.
	pruneSize = 500
)

// pruneInbox removes the next rows that are too old, when it is time.
func (r *relay) pruneInbox(ctx context.Context) error {
	now := time.Now()
	if now.Before(r.prune) {
		return nil
	}
	n, err := r.db.prune(ctx, `DELETE FROM inbox WHERE (subscription, event_id) IN (
		SELECT subscription, event_id FROM inbox WHERE handled_at < $1 ORDER BY handled_at LIMIT $2)`, now.Add(-r.db.retention))
	if err != nil {
		return fmt.Errorf("prune the inbox: %w", err)
	}
	r.prune = now.Add(pruneEvery)
	if n == pruneSize { // there may be more
		r.prune = now.Add(pruneAgain)
	}
	return nil
}

// pruneSent removes the next messages that were sent too long ago, when it is time. While a wish to have some again is
// open none goes: it may be about them.
func (r *relay) pruneSent(ctx context.Context) error {
	now := time.Now()
	if now.Before(r.pruneKept) || r.resending {
		return nil
	}
	n, err := r.db.prune(ctx, `DELETE FROM sent WHERE id IN (
		SELECT id FROM sent WHERE sent_at < $1 ORDER BY sent_at LIMIT $2) AND NOT EXISTS (SELECT 1 FROM resend)`,
		now.Add(-time.Duration(r.db.keepSent.Load())))
	if err != nil {
		return fmt.Errorf("prune what was sent: %w", err)
	}
	r.pruneKept = now.Add(pruneSentEvery)
	if n == pruneSize { // as many may have been sent in the meantime: at once
		r.pruneKept = now
	}
	return nil
}

func (db *DB) prune(ctx context.Context, statement string, before time.Time) (int64, error) {
	result, err := db.ExecContext(ctx, statement, before.UnixNano(), pruneSize)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}
