package order

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"

	"github.com/google/uuid"

	"traceria/services/host"
	"traceria/telemetry"
)

const keyHeader = "Idempotency-Key"

// readKey returns the Idempotency-Key of a request, or "" without the header. The key is opaque. An empty one is refused: the caller
// expects one order, and without a key a repeated request would place two
// (https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header).
func readKey(r *http.Request) (string, error) {
	if len(r.Header.Values(keyHeader)) == 0 {
		return "", nil
	}
	key, err := host.Header(r, keyHeader)
	if err != nil {
		return "", err
	}
	return key, host.CheckLine(keyHeader, key)
}

// keySpace is the namespace for order ids that are made from a customer and an Idempotency-Key (RFC 9562, section 5.5). So a repeated
// request belongs to the same conversation before the order is looked up.
var keySpace = uuid.MustParse("5b0c8d0e-5d3f-4f0a-9d58-7a0b7f6f4c11")

// newID returns the id of a new order. Neither customer nor key has the separator: it is a control character.
func newID(customer, key string) string {
	if key != "" {
		return uuid.NewSHA1(keySpace, []byte(customer+"\x00"+key)).String()
	}
	return uuid.Must(uuid.NewV7()).String()
}

// repeated returns the order of an earlier request of the customer with the same Idempotency-Key. The error is a [host.Problem] if that
// order was different.
func (o *orders) repeated(ctx context.Context, wanted newOrder) (before summary, found bool, err error) {
	if wanted.key == "" {
		return summary{}, false, nil
	}
	var id, traceID, digest string
	var seq int64
	var at progress
	err = o.DB.QueryRowContext(ctx, `SELECT id, seq, trace_id, progress, request_digest FROM orders
		WHERE customer_id = $1 AND idempotency_key = $2`, wanted.customerID, wanted.key).
		Scan(&id, &seq, &traceID, &at, &digest)
	if errors.Is(err, sql.ErrNoRows) {
		return summary{}, false, nil
	}
	if err != nil {
		return summary{}, false, fmt.Errorf("look up the idempotency key: %w", err)
	}
	if digest != wanted.digest {
		return summary{}, false, host.Invalid(keyHeader, "was used for another order of this customer; want a new key")
	}
	telemetry.WithConversation(ctx, id) // the span belongs to that order
	return o.summarize(id, seq, at, traceID), true, nil
}
