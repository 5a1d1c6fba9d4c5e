package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"traceria/services/event"
)

const (
	// unsentPause is the pause before the second attempt at a message. It doubles with each attempt, up to unsentPauseMax.
	unsentPause    = 500 * time.Millisecond
	unsentPauseMax = time.Minute
	// briefSize is the most bytes of an error that are stored and logged. Some errors repeat the whole message.
	briefSize = 500
)

// outcome is the result of an attempt at a row. Without an error the broker has the message.
type outcome struct {
	row   outboxRow
	state string
	err   error
}

// outcomeOf returns ok false if the result is unknown. The row then stays as it is and is tried again.
func outcomeOf(row outboxRow, err error) (o outcome, ok bool) {
	switch {
	case err == nil:
		return outcome{row: row}, true
	case errors.Is(err, event.ErrBrokerAway):
		return outcome{}, false
	case errors.Is(err, event.ErrUnroutable):
		return outcome{row, unroutable, err}, true
	case row.aside(): // later facts of its conversation were sent already: too late to hold them back
		return outcome{row, row.state, err}, true
	default:
		return outcome{row, refused, err}, true
	}
}

// settle stores the outcomes. It moves confirmed rows to the sent messages and postpones the others.
func (db *DB) settle(ctx context.Context, outcomes []outcome) error {
	// Only the relay writes these rows, so the default isolation is enough.
	return db.transact(ctx, sql.LevelDefault, func(tx *Tx) error {
		sent := map[string][]any{} // by routing key
		takenUp := time.Now()
		for _, o := range outcomes {
			if o.err == nil {
				key := o.row.routingKey()
				sent[key] = append(sent[key], o.row.id)
				if o.row.takenUp.Before(takenUp) {
					takenUp = o.row.takenUp
				}
				continue
			}
			if _, err := tx.ExecContext(ctx,
				`UPDATE outbox SET attempts = attempts + 1, not_before = $1, state = $2, last_error = $3 WHERE id = $4`,
				time.Now().Add(pauseAfter(o.row.attempts)).UnixNano(), o.state, brief(o.err.Error()), o.row.id); err != nil {
				return fmt.Errorf("postpone outbox row %d: %w", o.row.id, err)
			}
		}
		return tx.keepSent(ctx, sent, takenUp)
	})
}

func pauseAfter(attempts int) time.Duration {
	return min(unsentPause<<min(attempts, 20), unsentPauseMax)
}

// padded repeats the last id until the number of ids is a power of two. So a statement about many ids has few texts, and stays
// prepared. In a list of IN a repeated id changes nothing.
func padded(ids []any) []any {
	n := 1
	for n < len(ids) {
		n *= 2
	}
	for len(ids) < n {
		ids = append(ids, ids[len(ids)-1])
	}
	return ids
}

// placeholders returns "$first, …" with n of them. SQLite numbers arguments by their place in the statement, PostgreSQL by
// the number, so both orders must agree.
func placeholders(first, n int) string {
	var list strings.Builder
	for i := range n {
		if i > 0 {
			list.WriteString(", ")
		}
		list.WriteString("$" + strconv.Itoa(first+i))
	}
	return list.String()
}

// report logs a message that stays in the outbox: at attempts 1, 2, 4, 8 and so on, and when its state changes.
func (o outcome) report(log zerolog.Logger) {
	attempt := o.row.attempts + 1
	if o.err == nil || (attempt&(attempt-1) != 0 && o.state == o.row.state) {
		return
	}
	log.Warn().Str("error", brief(o.err.Error())).Str("state", o.state).Int64("outbox_id", o.row.id).
		Str("event", brief(o.row.Envelope.Metadata.EventType)).Str("conversation", brief(o.row.conversation)).
		Int("attempt", attempt).Dur("retry_in", pauseAfter(o.row.attempts)).Msg("event not sent; kept in the outbox")
}

// brief returns the beginning of a text, without the characters that PostgreSQL cannot store.
func brief(text string) string {
	cut := text[:min(len(text), briefSize)]
	return strings.ReplaceAll(strings.ToValidUTF8(cut, ""), "\x00", "")
}
