package store

import (
	"context"
	"fmt"
	"time"
)

const (
	// inboxRetention is the time for which the inbox keeps an event id. A message that is repeated later is handled again.
	// Queues and redrives of dead letters must be faster than that.
	inboxRetention = 7 * 24 * time.Hour
	// pruneEvery is the interval between prunings of the inbox, and pruneAgain the one while old rows are left.
	pruneEvery = time.Hour
	pruneAgain = time.Second
	// pruneSentEvery is the interval between prunings of the sent messages.
	pruneSentEvery = 10 * time.Second
	// pruneSize is the most rows of one pruning. SQLite has one writer, and all others wait for it.
	pruneSize = 500
)

// pruneInbox removes the oldest outdated rows of the inbox if a pruning is due.
func (r *relay) pruneInbox(ctx context.Context) error {
	now := time.Now()
	if now.Before(r.prune) {
		return nil
	}
	n, err := r.db.prune(ctx, `DELETE FROM inbox WHERE (subscription, source, event_id) IN (
		SELECT subscription, source, event_id FROM inbox WHERE handled_at < $1 ORDER BY handled_at LIMIT $2)`, now.Add(-r.db.retention))
	if err != nil {
		return fmt.Errorf("prune the inbox: %w", err)
	}
	r.prune = now.Add(pruneEvery)
	if n == pruneSize { // more may be left
		r.prune = now.Add(pruneAgain)
	}
	return nil
}

// pruneSent removes the oldest outdated sent messages if a pruning is due. It removes none while a request to send some
// again is open, which may be about them.
func (r *relay) pruneSent(ctx context.Context) error {
	now := time.Now()
	if now.Before(r.pruneKept) || r.resending {
		return nil
	}
	n, err := r.db.prune(ctx, `DELETE FROM sent WHERE id IN (
		SELECT id FROM sent WHERE sent_at < $1 ORDER BY sent_at LIMIT $2) AND NOT EXISTS (SELECT 1 FROM resend)`,
		now.Add(-time.Duration(r.db.keepSent.Load())))
	if err != nil {
		return fmt.Errorf("prune the sent messages: %w", err)
	}
	r.pruneKept = now.Add(pruneSentEvery)
	if n == pruneSize { // at high load as many are sent meanwhile: prune at once
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
