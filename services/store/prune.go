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
	// pruneSize is how many rows go at once: SQLite has one writer, and the others wait for it.
	pruneSize = 500
)

// pruneInbox removes the next rows that are too old, when it is time.
func (r *relay) pruneInbox(ctx context.Context) error {
	now := time.Now()
	if now.Before(r.prune) {
		return nil
	}
	result, err := r.db.ExecContext(ctx, `DELETE FROM inbox WHERE (subscription, event_id) IN (
		SELECT subscription, event_id FROM inbox WHERE handled_at < $1 ORDER BY handled_at LIMIT $2)`,
		now.Add(-r.db.retention).UnixNano(), pruneSize)
	if err != nil {
		return fmt.Errorf("prune the inbox: %w", err)
	}
	n, err := result.RowsAffected()
	if err != nil {
		return fmt.Errorf("prune the inbox: %w", err)
	}
	r.prune = now.Add(pruneEvery)
	if n == pruneSize { // there may be more
		r.prune = now.Add(pruneAgain)
	}
	return nil
}
