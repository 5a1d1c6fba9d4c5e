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
	// unsentPause is how long a message that was not taken waits for its next attempt, doubled each time.
	unsentPause    = 500 * time.Millisecond
	unsentPauseMax = time.Minute
	// briefSize is how much of an error is kept and logged, in bytes: some repeat the whole message.
	briefSize = 500
)

// outcome is what became of a row that was tried; a nil error means that the broker has it.
type outcome struct {
	row   outboxRow
	state string
	err   error
}

// outcomeOf is not ok when nothing is known: the row stays as it is, and is tried again.
func outcomeOf(row outboxRow, err error) (o outcome, ok bool) {
	switch {
	case err == nil:
		return outcome{row: row}, true
	case errors.Is(err, event.ErrBrokerAway):
		return outcome{}, false
	case errors.Is(err, event.ErrUnroutable):
		return outcome{row, unroutable, err}, true
	case row.aside(): // its successors have gone: too late to hold them back
		return outcome{row, row.state, err}, true
	default:
		return outcome{row, refused, err}, true
	}
}

// settle writes the outcomes down: what the broker has goes from the outbox to what was sent, the rest is put off.
func (db *DB) settle(ctx context.Context, outcomes []outcome) error {
	// The relay is alone with these rows; it need not be kept apart from anybody.
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
				return fmt.Errorf("put off outbox row %d: %w", o.row.id, err)
			}
		}
		return tx.keepSent(ctx, sent, takenUp)
	})
}

func pauseAfter(attempts int) time.Duration {
	return min(unsentPause<<min(attempts, 20), unsentPauseMax)
}

// placeholders are n of them: $first, and so on. SQLite numbers them as they come in the statement, PostgreSQL by their name.
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

// report logs a message that stays: at its first attempt, when the reason changes its kind, and then ever more rarely.
func (o outcome) report(log zerolog.Logger) {
	attempt := o.row.attempts + 1
	if o.err == nil || (attempt&(attempt-1) != 0 && o.state == o.row.state) {
		return
	}
	log.Warn().Str("error", brief(o.err.Error())).Str("state", o.state).Int64("outbox_id", o.row.id).
		Str("event", brief(o.row.Envelope.Metadata.EventType)).Str("conversation", brief(o.row.conversation)).
		Int("attempt", attempt).Dur("retry_in", pauseAfter(o.row.attempts)).Msg("event not sent; it stays in the outbox")
}

// brief is the beginning of a text, without what PostgreSQL does not store.
func brief(text string) string {
	cut := text[:min(len(text), briefSize)]
	return strings.ReplaceAll(strings.ToValidUTF8(cut, ""), "\x00", "")
}
