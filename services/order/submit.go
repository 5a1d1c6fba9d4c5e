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
	"traceria/services/failure"
	"traceria/services/host"
	"traceria/services/store"
	"traceria/telemetry"
)

// submit is the command Submit Order. It stores the order and answers 202. Everything else happens later, so the customer does
// not wait for the kitchen or the broker.
func (o *orders) submit(w http.ResponseWriter, r *http.Request) error {
	body, err := host.ReadJSON[request](w, r)
	if err != nil {
		return err
	}
	items, pence, err := body.check()
	if err != nil {
		return err
	}
	key, err := host.Header(r, "Idempotency-Key")
	if err != nil {
		return err
	}
	if key != "" {
		if err := host.CheckID("Idempotency-Key", key); err != nil {
			return err
		}
	}
	// The baggage takes the customer to every hop, for failures that are switched on for one customer.
	ctx := failure.WithCustomer(r.Context(), body.CustomerID)
	placed, err := o.place(ctx, newRow(body, items, pence, key))
	if err != nil {
		return host.FromCaller(err, "customerId", "items", "deliveryAddress", "deliveryAddressId")
	}
	w.Header().Set("Location", "/order/"+placed.OrderID)
	status := http.StatusAccepted
	if placed.Status == delivered.String() { // a synchronous order is delivered already
		status = http.StatusCreated
	}
	return host.WriteJSON(w, status, placed.linked(r))
}

// place stores the order and OrderCreated in one transaction.
func (o *orders) place(ctx context.Context, wanted newOrder) (summary, error) {
	// Before the first statement, so that the database spans belong to the order as well.
	wanted.traceID, wanted.at = trace.SpanContextFromContext(ctx).TraceID().String(), time.Now()
	ctx = telemetry.WithConversation(ctx, wanted.id)
	if wanted.key != "" {
		before, found, err := o.repeated(ctx, wanted.key, wanted.digest)
		if err != nil || found {
			return before, err
		}
	}
	if variant, called := integration(ctx); called {
		return o.call(ctx, wanted, variant)
	}
	var seq int64
	err := o.DB.Do(ctx, func(tx *store.Tx) (err error) {
		if seq, err = wanted.insert(ctx, tx); err != nil {
			return err
		}
		return tx.Publish(ctx, event.OrderCreated{OrderID: wanted.id, OrderNumber: number(seq)})
	})
	if err != nil && wanted.key != "" { // the same request at the same time may have been stored first
		if before, found, again := o.repeated(ctx, wanted.key, wanted.digest); found || errors.As(again, new(*host.Problem)) {
			return before, again
		}
	}
	if err != nil {
		return summary{}, err
	}
	o.Log.Info().Ctx(ctx).Str("order_number", number(seq)).Msg("order placed")
	return o.summarize(wanted.id, seq, created, wanted.traceID), nil
}

// newOrder is an order without a number.
type newOrder struct {
	id, customerID, items, address, addressID, key, digest, traceID string
	pence                                                           int64
	at                                                              time.Time
}

func newRow(body request, items []event.Item, pence int64, key string) newOrder {
	itemsText, _ := json.Marshal(items) // cannot fail: strings and numbers only
	address, _ := json.Marshal(body.DeliveryAddress)
	digest := sha256.Sum256(fmt.Appendf(nil, "%q %s %s %q %d", body.CustomerID, itemsText, address, body.DeliveryAddressID, pence))
	return newOrder{
		id: newID(key), customerID: body.CustomerID, items: string(itemsText), pence: pence,
		address: string(address), addressID: body.DeliveryAddressID, key: key, digest: hex.EncodeToString(digest[:]),
	}
}

// keySpace is the namespace for order ids that are made from an Idempotency-Key (RFC 9562, section 5.5). So a repeated request
// belongs to the same conversation before the order is looked up.
var keySpace = uuid.MustParse("5b0c8d0e-5d3f-4f0a-9d58-7a0b7f6f4c11")

func newID(key string) string {
	if key != "" {
		return uuid.NewSHA1(keySpace, []byte(key)).String()
	}
	return uuid.Must(uuid.NewV7()).String()
}

func (n newOrder) insert(ctx context.Context, tx *store.Tx) (seq int64, err error) {
	err = tx.QueryRowContext(ctx, `INSERT INTO orders
		(id, customer_id, value_pence, items, address, address_id, trace_id, created_at, idempotency_key, request_digest)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, NULLIF(CAST($9 AS TEXT), ''), $10) RETURNING seq`,
		n.id, n.customerID, n.pence, n.items, n.address, n.addressID, n.traceID, n.at.UnixNano(), n.key, n.digest).Scan(&seq)
	if err != nil {
		return 0, fmt.Errorf("store the order: %w", err)
	}
	return seq, nil
}

// repeated returns the order of an earlier request with the same Idempotency-Key. The error is a [host.Problem] if that order
// was different.
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
		return summary{}, false, fmt.Errorf("look up the idempotency key: %w", err)
	}
	if earlier != digest {
		return summary{}, false, host.Invalid("Idempotency-Key", "was used for another order; want a new key")
	}
	telemetry.WithConversation(ctx, id) // the span belongs to that order
	return o.summarize(id, seq, at, traceID), true, nil
}
