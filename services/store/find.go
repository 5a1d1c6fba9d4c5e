package store

import (
	"context"
	"encoding/json"
	"fmt"

	"traceria/services/event"
)

// formsMost is the limit for the rows of one event: each version has one, and another one after each time that it was put into the
// outbox again.
const formsMost = 100

// Find returns the event with a message id, as it was stored: from the sent messages ([DB.KeepSent] says how long they are kept), or
// from the outbox if it is not sent yet. found is false if neither has it. The stored event has no trace context: the relay adds that
// of the send span.
func (db *DB) Find(ctx context.Context, eventID, messageID string) (e event.Envelope, found bool, err error) {
	rows, err := db.QueryContext(ctx, `SELECT envelope FROM sent WHERE event_id = $1 UNION ALL SELECT envelope FROM outbox WHERE event_id = $2 LIMIT $3`,
		eventID, eventID, formsMost)
	if err != nil {
		return e, false, fmt.Errorf("find the event %s: %w", eventID, err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var text []byte
		if err := rows.Scan(&text); err != nil {
			return e, false, fmt.Errorf("find the event %s: %w", eventID, err)
		}
		e = event.Envelope{}
		if json.Unmarshal(text, &e) == nil && e.Metadata.MessageID() == messageID { // an unreadable row was never sent
			return e, true, nil
		}
	}
	return event.Envelope{}, false, statementError(rows.Err())
}
