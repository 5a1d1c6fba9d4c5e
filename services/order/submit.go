package order

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/trace"

	"traceria/services/event"
	"traceria/services/host"
	"traceria/services/store"
	"traceria/telemetry"
)

// submit is the command Submit Order. The answer is 202: the order is stored, and everything else happens
// later. The kitchen may be closed, the broker may be down; the customer does not wait for them.
func (o *orders) submit(w http.ResponseWriter, r *http.Request) error {
	body, err := host.ReadJSON[request](w, r)
	if err != nil {
		return err
	}
	items, pence, err := body.check()
	if err != nil {
		return err
	}
	key := r.Header.Get("Idempotency-Key")
	if len(key) > maxText {
		return host.Invalid("Idempotency-Key", "is %d bytes long, want at most %d", len(key), maxText)
	}
	if wanted := r.Header.Get("X-Traceria-Failure"); wanted != "" {
		return host.Invalid("X-Traceria-Failure", "%.60q is not a known failure; this version has none to switch on", wanted)
	}
	placed, err := o.place(r.Context(), body, items, pence, key)
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/order/"+placed.OrderID)
	return host.WriteJSON(w, http.StatusAccepted, placed.linked(r))
}

// place stores the order and OrderCreated in one transaction.
func (o *orders) place(ctx context.Context, body request, items []event.Item, pence int64, key string) (summary, error) {
	wanted := newRow(body, items, pence)
	// Before anything is stored, so that the database's spans belong to the order as well.
	span, at := trace.SpanContextFromContext(ctx), time.Now()
	if key != "" {
		before, found, err := o.repeated(ctx, key, wanted.digest)
		if err != nil || found {
			return before, err
		}
	}
	ctx = telemetry.WithConversation(ctx, wanted.id)
	var seq int64
	err := o.DB.Do(ctx, func(tx *store.Tx) error {
		err := tx.QueryRowContext(ctx, `INSERT INTO orders
			(id, customer_id, value_pence, items, address, address_id, trace_id, created_at, idempotency_key, request_digest)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, NULLIF($9, ''), $10) RETURNING seq`,
			wanted.id, body.CustomerID, pence, wanted.items, wanted.address, body.DeliveryAddressID,
			span.TraceID().String(), at.UnixNano(), key, wanted.digest).Scan(&seq)
		if err != nil {
			return fmt.Errorf("store the order: %w", err)
		}
		return tx.Publish(ctx, event.OrderCreated{OrderID: wanted.id, OrderNumber: number(seq)})
	})
	if err != nil && key != "" { // the same request twice at once: the other one was faster
		if before, found, again := o.repeated(ctx, key, wanted.digest); found || errors.As(again, new(*host.Problem)) {
			return before, again
		}
	}
	if err != nil {
		return summary{}, err
	}
	o.Log.Info().Ctx(ctx).Str("order_number", number(seq)).Msg("order placed")
	return o.summarize(wanted.id, seq, created, span.TraceID().String()), nil
}

type newOrder struct{ id, items, address, digest string }

func newRow(body request, items []event.Item, pence int64) newOrder {
	itemsText, _ := json.Marshal(items) // strings only: it cannot fail
	address, _ := json.Marshal(body.DeliveryAddress)
	digest := sha256.Sum256(fmt.Appendf(nil, "%q %s %s %q %d", body.CustomerID, itemsText, address, body.DeliveryAddressID, pence))
	return newOrder{
		id: uuid.Must(uuid.NewV7()).String(), items: string(itemsText), address: string(address),
		digest: hex.EncodeToString(digest[:]),
	}
}

// repeated finds the order that an earlier request with the same Idempotency-Key placed. The same key with
// another order is a mistake of the caller.
func (o *orders) repeated(ctx context.Context, key, digest string) (summary, bool, error) {
	var id, traceID, earlier string
	var seq int64
	var at progress
	err := o.DB.QueryRowContext(ctx,
		`SELECT id, seq, trace_id, progress, request_digest FROM orders WHERE idempotency_key = $1`, key).
		Scan(&id, &seq, &traceID, &at, &earlier)
	if errors.Is(err, sql.ErrNoRows) {
		return summary{}, false, nil
	}
	if err != nil {
		return summary{}, false, fmt.Errorf("look for the idempotency key: %w", err)
	}
	if earlier != digest {
		return summary{}, false, host.Invalid("Idempotency-Key", "was used for another order before")
	}
	telemetry.WithConversation(ctx, id) // the span belongs to that order
	return o.summarize(id, seq, at, traceID), true, nil
}

func number(seq int64) string { return fmt.Sprintf("ORD%d", seq) }
