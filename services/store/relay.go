package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"traceria/services/event"
)

const (
	relayBatch = 128
	// relayPoll is for what no commit announces: rows of an earlier run, and rows whose time has come.
	relayPoll = time.Second
	// unsentPause is how long a row that the broker did not take waits for its next attempt, doubled each time.
	unsentPause    = 500 * time.Millisecond
	unsentPauseMax = time.Minute
)

// Publisher sends events and returns, for each of them, nil when the broker has stored and routed it. It waits
// for a broker that is away until ctx ends; an event of which nothing is known fails with event.ErrBrokerAway.
type Publisher interface {
	Publish(ctx context.Context, batch []event.Outgoing) []error
}

// Relay sends what is in the outbox until ctx ends: at once after a commit, in the order of the rows, in
// batches. A row leaves the outbox when the broker has confirmed it, so that each event is sent at least once.
func (db *DB) Relay(ctx context.Context, publisher Publisher, log zerolog.Logger) {
	poll := time.NewTicker(relayPoll)
	defer poll.Stop()
	for {
		sent, err := db.relayBatch(ctx, publisher, log)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			log.Warn().Err(err).Msg("the outbox cannot be read or written; trying again")
		}
		if err == nil && sent == relayBatch {
			continue // there may be more
		}
		select {
		case <-ctx.Done():
			return
		case <-db.wake:
		case <-poll.C:
		}
	}
}

type outboxRow struct {
	id       int64
	attempts int
	event.Outgoing
}

func (db *DB) relayBatch(ctx context.Context, publisher Publisher, log zerolog.Logger) (int, error) {
	rows, err := db.dueRows(ctx)
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	batch := make([]event.Outgoing, len(rows))
	for i, row := range rows {
		batch[i] = row.Outgoing
	}
	results := publisher.Publish(ctx, batch)
	// What is confirmed must leave the outbox even when ctx has just ended, or it is sent again.
	return len(rows), db.settle(context.WithoutCancel(ctx), rows, results, log)
}

func (db *DB) dueRows(ctx context.Context) ([]outboxRow, error) {
	found, err := db.QueryContext(ctx,
		`SELECT id, attempts, envelope, context FROM outbox WHERE not_before <= $1 ORDER BY id LIMIT $2`,
		time.Now().UnixNano(), relayBatch)
	if err != nil {
		return nil, fmt.Errorf("read the outbox: %w", err)
	}
	defer func() { _ = found.Close() }()
	var rows []outboxRow
	for found.Next() {
		row, err := scanRow(found)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, found.Err()
}

func scanRow(found *sql.Rows) (outboxRow, error) {
	var row outboxRow
	var envelope, carried []byte
	if err := found.Scan(&row.id, &row.attempts, &envelope, &carried); err != nil {
		return row, fmt.Errorf("read the outbox: %w", err)
	}
	if err := json.Unmarshal(envelope, &row.Envelope); err != nil {
		return row, fmt.Errorf("read outbox row %d: %w", row.id, err)
	}
	if err := json.Unmarshal(carried, &row.Context); err != nil {
		return row, fmt.Errorf("read outbox row %d: %w", row.id, err)
	}
	return row, nil
}

// settle removes the rows that are sent and puts the others off, in one transaction.
func (db *DB) settle(ctx context.Context, rows []outboxRow, results []error, log zerolog.Logger) error {
	return db.Do(ctx, func(tx *Tx) error {
		for i, row := range rows {
			if errors.Is(results[i], event.ErrBrokerAway) {
				continue // says nothing about the event: it goes with the next batch
			}
			if results[i] == nil {
				if _, err := tx.ExecContext(ctx, `DELETE FROM outbox WHERE id = $1`, row.id); err != nil {
					return fmt.Errorf("remove outbox row %d: %w", row.id, err)
				}
				continue
			}
			pause := min(unsentPause<<min(row.attempts, 20), unsentPauseMax)
			log.Warn().Err(results[i]).Str("event", row.Envelope.Metadata.EventType).
				Str("conversation", row.Envelope.Metadata.ConversationID).Int("attempt", row.attempts+1).
				Dur("retry_in", pause).Msg("event not sent; it stays in the outbox")
			if _, err := tx.ExecContext(ctx,
				`UPDATE outbox SET attempts = attempts + 1, not_before = $1, last_error = $2 WHERE id = $3`,
				time.Now().Add(pause).UnixNano(), results[i].Error(), row.id); err != nil {
				return fmt.Errorf("put off outbox row %d: %w", row.id, err)
			}
		}
		return nil
	})
}

// Unsent is how many events wait in the outbox, and how many of them the broker has refused at least once.
func (db *DB) Unsent(ctx context.Context) (waiting, refused int, err error) {
	err = db.QueryRowContext(ctx, `SELECT COUNT(*), COUNT(CASE WHEN attempts > 0 THEN 1 END) FROM outbox`).
		Scan(&waiting, &refused)
	return waiting, refused, err
}
