package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
)

// resendSize is the most old messages that are sent again at once, so that fresh ones do not wait behind thousands.
const resendSize = 64

// Resend asks the relay to send again the kept messages that have one of the routing keys and that the relay took up before
// a time, with the same event id and trace context, marked as [event.Outgoing.Resent]. The request is durable when Resend
// returns. kept is the number of such messages now. The inboxes of the subscribers drop what they have already.
func (db *DB) Resend(ctx context.Context, keys []string, before time.Time) (kept int, err error) {
	wish := strings.Join(keys, " ")
	err = db.Do(ctx, func(tx *Tx) error {
		if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM sent WHERE sent_at < $1 AND routing_key IN (`+placeholders(2, len(keys))+`)`,
			append([]any{before.UnixNano()}, texts(keys)...)...).Scan(&kept); err != nil {
			return fmt.Errorf("count the sent messages: %w", err)
		}
		// An equal request that the relay has not begun finds all that this one would.
		if _, err := tx.ExecContext(ctx, `INSERT INTO resend (routing_keys, sent_before)
			SELECT CAST($1 AS TEXT), CAST($2 AS BIGINT)
			WHERE NOT EXISTS (SELECT 1 FROM resend WHERE routing_keys = $3 AND sent_before >= $4 AND last_row = 0)`,
			wish, before.UnixNano(), wish, before.UnixNano()); err != nil {
			return fmt.Errorf("store the request to send again: %w", err)
		}
		return nil
	})
	return kept, err
}

// resend moves the next requested messages back into the outbox and returns those that are due. The relay calls it between
// two waves, when no message is on its way: exactly the messages sent before the request are sent again.
func (r *relay) resend(ctx context.Context) ([]outboxRow, error) {
	var moved int
	var open bool
	// Only the relay writes these rows, so the default isolation is enough.
	if err := r.db.transact(ctx, sql.LevelDefault, func(tx *Tx) (err error) {
		moved, open, err = tx.again(ctx)
		return err
	}); err != nil {
		return nil, fmt.Errorf("send again: %w", err)
	}
	if moved > 0 {
		r.resent.Add(ctx, int64(moved))
		r.log.Info().Int("messages", moved).Msg("messages sent again on request")
	}
	rows, err := r.db.rowsOf(ctx, againQuery, resendSize)
	r.resending = err != nil || open || len(rows) > 0
	return rows, err
}

// again moves as many messages of the oldest request as resendSize allows. It deletes a request that has none left. open
// tells whether there was a request.
func (tx *Tx) again(ctx context.Context) (moved int, open bool, err error) {
	var id, before, last, done int64
	var wish string
	err = tx.QueryRowContext(ctx, `SELECT id, routing_keys, sent_before, last_row, done_to FROM resend ORDER BY id LIMIT 1`).
		Scan(&id, &wish, &before, &last, &done)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	if err != nil {
		return 0, true, err
	}
	var underway int
	if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM outbox WHERE state = 'again'`).Scan(&underway); err != nil || underway >= resendSize {
		return 0, true, err
	}
	if last == 0 {
		if err := tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(id), 0) FROM sent`).Scan(&last); err != nil {
			return 0, true, err
		}
	}
	keys := texts(strings.Fields(wish))
	n := len(keys)
	ids, err := tx.ids(ctx, fmt.Sprintf(`SELECT id FROM sent WHERE routing_key IN (%s) AND id > $%d AND id <= $%d AND sent_at < $%d ORDER BY id LIMIT $%d`,
		placeholders(1, n), n+1, n+2, n+3, n+4), append(keys, done, last, before, resendSize-underway)...)
	if err != nil {
		return 0, true, err
	}
	if len(ids) == 0 {
		_, err := tx.ExecContext(ctx, `DELETE FROM resend WHERE id = $1`, id)
		return 0, true, err // another request may be open
	}
	if err := tx.fetchBack(ctx, ids); err != nil {
		return 0, true, err
	}
	_, err = tx.ExecContext(ctx, `UPDATE resend SET last_row = $1, done_to = $2 WHERE id = $3`, last, ids[len(ids)-1], id)
	return len(ids), true, err
}

// fetchBack moves sent rows back into the outbox.
func (tx *Tx) fetchBack(ctx context.Context, ids []any) error {
	which := `WHERE id IN (` + placeholders(1, len(ids)) + `)`
	if _, err := tx.ExecContext(ctx, `INSERT INTO outbox (event_id, conversation, envelope, context, created_at, state)
		SELECT event_id, conversation, envelope, context, created_at, 'again' FROM sent `+which+` ORDER BY id`, ids...); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM sent `+which, ids...)
	return err
}

// ids returns the numbers of a query's only column.
func (tx *Tx) ids(ctx context.Context, query string, args ...any) ([]any, error) {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var ids []any
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

func texts(values []string) []any {
	all := make([]any, len(values))
	for i, value := range values {
		all[i] = value
	}
	return all
}

// countResent returns the metric traceria.outbox.resent.
func (db *DB) countResent(ctx context.Context) metric.Int64Counter {
	counter, err := db.meter.Int64Counter("traceria.outbox.resent", metric.WithUnit("{message}"),
		metric.WithDescription("Messages that are sent again after a queue was lost with its messages."))
	if err != nil {
		return noop.Int64Counter{}
	}
	counter.Add(ctx, 0) // a rate does not see the first value of a series
	return counter
}
