package order

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

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
	key, err := readKey(r)
	if err != nil {
		return err
	}
	// The baggage takes the customer to every hop, for failures that are switched on for one customer.
	ctx := failure.WithCustomer(r.Context(), body.CustomerID)
	span := trace.SpanFromContext(ctx)
	span.SetAttributes(telemetry.CustomerKey.String(body.CustomerID))
	placed, err := o.place(ctx, newRow(body, items, pence, key))
	if err != nil {
		return host.FromCaller(err, "customerId", "items", "deliveryAddress", "deliveryAddressId")
	}
	span.SetAttributes(telemetry.OrderNumberKey.String(placed.OrderNumber))
	w.Header().Set("Location", "/order/"+placed.OrderID)
	status := http.StatusAccepted
	if placed.Status == delivered.String() { // a synchronous order is delivered already
		status = http.StatusCreated
	}
	return host.WriteJSON(w, status, placed.linked(r))
}

// place stores the order and OrderCreated in one transaction. An order of the experiment integration has no such event: the other
// services are called.
func (o *orders) place(ctx context.Context, wanted newOrder) (summary, error) {
	// Before the first statement, so that the database spans belong to the order as well.
	wanted.traceID, wanted.at = trace.SpanContextFromContext(ctx).TraceID().String(), time.Now()
	ctx = telemetry.WithConversation(ctx, wanted.id)
	if before, found, err := o.repeated(ctx, wanted); err != nil || found {
		return before, err
	}
	variant, called := integration(ctx)
	var seq int64
	var found row
	err := o.DB.Do(ctx, func(tx *store.Tx) (err error) {
		if seq, err = wanted.insert(ctx, tx); err != nil {
			return err
		}
		if called {
			found, err = readOrder(ctx, tx, wanted.id)
			return err
		}
		return tx.Publish(ctx, event.OrderCreated{OrderID: wanted.id, OrderNumber: number(seq)})
	})
	if err != nil { // the same request at the same time may have been stored first
		if before, found, again := o.repeated(ctx, wanted); found || errors.As(again, new(*host.Problem)) {
			return before, again
		}
		return summary{}, err
	}
	if called {
		return o.call(ctx, found, variant)
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
		id: newID(body.CustomerID, key), customerID: body.CustomerID, items: string(itemsText), pence: pence,
		address: string(address), addressID: body.DeliveryAddressID, key: key, digest: hex.EncodeToString(digest[:]),
	}
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
