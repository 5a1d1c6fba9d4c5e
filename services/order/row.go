package order

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"traceria/services/event"
	"traceria/services/store"
)

// row is an order as it is stored.
type row struct {
	id, customerID, addressID, traceID string
	seq, pence                         int64
	items                              []event.Item
	address                            *event.Address
	progress                           progress
	confirmed                          bool   // by this service, which alone writes it into the timeline
	rejection                          string // the kitchen's reason, if it gave one
}

// readOrder returns an order. The error wraps sql.ErrNoRows if there is none.
func readOrder(ctx context.Context, tx *store.Tx, id string) (row, error) {
	found := row{id: id}
	var items, address string
	err := tx.QueryRowContext(ctx, `SELECT seq, customer_id, value_pence, items, address, address_id, trace_id, progress,
			EXISTS (SELECT 1 FROM timeline WHERE order_id = id AND event = 'OrderConfirmed'),
			COALESCE((SELECT reason FROM rejections WHERE order_id = id), '')
		FROM orders WHERE id = $1`, id).
		Scan(&found.seq, &found.customerID, &found.pence, &items, &address, &found.addressID, &found.traceID,
			&found.progress, &found.confirmed, &found.rejection)
	if err != nil {
		return row{}, fmt.Errorf("read order %s: %w", id, err)
	}
	if err := json.Unmarshal([]byte(items), &found.items); err != nil {
		return row{}, fmt.Errorf("read the items of order %s: %w", id, err)
	}
	if err := json.Unmarshal([]byte(address), &found.address); err != nil {
		return row{}, fmt.Errorf("read the address of order %s: %w", id, err)
	}
	return found, nil
}

// confirmations returns OrderConfirmed in the chosen versions, the sparse one last. versions must not be empty.
func (r row) confirmations(versions []event.Type) []event.Payload {
	shared := event.OrderConfirmed{
		OrderID: r.id, OrderNumber: number(r.seq), CustomerID: r.customerID,
		DeliveryAddress: r.address, DeliveryAddressID: r.addressID, Items: r.items,
	}
	value, amount := money(r.pence), event.Pence(r.pence)
	var forms []event.Payload
	for _, form := range []event.Payload{
		event.OrderConfirmedNumber{OrderConfirmed: shared, OrderValue: &amount},
		event.OrderConfirmedMoney{OrderConfirmed: shared, OrderValue: &value},
		event.OrderConfirmedSparse{OrderID: r.id, CustomerID: r.customerID, DeliveryAddressID: r.addressID},
	} {
		if slices.Contains(versions, form.Type()) {
			forms = append(forms, form)
		}
	}
	return forms
}
