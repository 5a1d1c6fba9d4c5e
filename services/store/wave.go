package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"traceria/services/event"
)

const (
	// waveSize is the most messages of conversations in line that are on their way to the broker at once.
	waveSize = 128
	// asideSize is the most messages put aside that one wave tries again.
	asideSize = 64
)

// outboxRow is a message in the outbox. trouble is the error of an unreadable row.
type outboxRow struct {
	id       int64
	attempts int
	state    string
	event.Outgoing
	conversation string
	takenUp      time.Time // the time at which the relay read the row, before it was sent
	trouble      error
}

// aside tells whether the row is out of its conversation's line. It then holds back no later fact.
func (r outboxRow) aside() bool {
	return r.state == unroutable || r.state == unreadable || r.state == again
}

// lineQuery selects the first fact in the line of each conversation, in all its forms. Ids follow cause and effect: a
// transaction that saw the rows of another one took its ids later.
const lineQuery = `
SELECT id, attempts, state, conversation, envelope, context FROM outbox AS o
WHERE state IN ('waiting', 'refused') AND not_before <= $1 AND event_id = (
	SELECT event_id FROM outbox AS head
	WHERE head.conversation = o.conversation AND head.state IN ('waiting', 'refused') ORDER BY head.id LIMIT 1)
ORDER BY id LIMIT $2`

const asideQuery = `
SELECT id, attempts, state, conversation, envelope, context FROM outbox
WHERE state IN ('unroutable', 'unreadable') AND not_before <= $1 ORDER BY not_before LIMIT $2`

const againQuery = `
SELECT id, attempts, state, conversation, envelope, context FROM outbox
WHERE state = 'again' AND not_before <= $1 ORDER BY id LIMIT $2`

func (db *DB) rowsOf(ctx context.Context, query string, limit int) ([]outboxRow, error) {
	now := time.Now()
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	found, err := db.QueryContext(ctx, query, now.UnixNano(), limit)
	if err != nil {
		return nil, fmt.Errorf("read the outbox: %w", err)
	}
	defer func() { _ = found.Close() }()
	var rows []outboxRow
	for found.Next() {
		row := outboxRow{takenUp: now}
		var envelope, carried []byte
		if err := found.Scan(&row.id, &row.attempts, &row.state, &row.conversation, &envelope, &carried); err != nil {
			return nil, fmt.Errorf("read the outbox: %w", err)
		}
		row.Outgoing, row.trouble = readOutgoing(envelope, carried)
		row.Resent = row.state == again
		rows = append(rows, row)
	}
	if err := found.Err(); err != nil {
		return nil, fmt.Errorf("read the outbox: %w", statementError(err))
	}
	return rows, nil
}

// readOutgoing decodes the columns that Publish wrote. An event that this version does not know is an error.
func readOutgoing(envelope, carried []byte) (event.Outgoing, error) {
	read, err := event.Decode(envelope)
	if err != nil {
		return event.Outgoing{}, err
	}
	if _, err := event.Lookup(read.Metadata.EventType, read.Metadata.Version); err != nil {
		return event.Outgoing{}, err
	}
	outgoing := event.Outgoing{Envelope: read}
	if err := json.Unmarshal(carried, &outgoing.Context); err != nil {
		return event.Outgoing{}, fmt.Errorf("read the trace context: %w", err)
	}
	return outgoing, nil
}
