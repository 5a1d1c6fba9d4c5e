package delivery

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"traceria/services/event"
	"traceria/services/host"
	"traceria/services/store"
	"traceria/telemetry"
)

// deliverRequest is the body of POST /delivery.
type deliverRequest struct {
	OrderID           string         `json:"orderId"`
	CustomerID        string         `json:"customerId"`
	DeliveryAddress   *event.Address `json:"deliveryAddress"`
	DeliveryAddressID string         `json:"deliveryAddressId"`
}

// check returns a [host.Problem] that names the first wrong field. It normalizes the id of the address.
func (n *deliverRequest) check() error {
	if err := host.CheckID("orderId", n.OrderID); err != nil {
		return err
	}
	if err := host.CheckID("customerId", n.CustomerID); err != nil {
		return err
	}
	if n.DeliveryAddress == nil && n.DeliveryAddressID == "" {
		return host.Invalid("deliveryAddress", "is missing; give deliveryAddress or deliveryAddressId")
	}
	if n.DeliveryAddress != nil {
		if field, err := n.DeliveryAddress.Check(); err != nil {
			return host.Invalid("deliveryAddress."+field, "%s", err)
		}
	}
	if n.DeliveryAddressID != "" {
		id, err := event.ParseAddressID(n.DeliveryAddressID)
		if err != nil {
			return host.Invalid("deliveryAddressId", "%s", err)
		}
		n.DeliveryAddressID = id
	}
	return nil
}

// deliverNow is the command Deliver Order for the experiment integration. It answers when the order is delivered and publishes no
// event.
func (d *deliveries) deliverNow(w http.ResponseWriter, r *http.Request) error {
	wanted, err := host.ReadJSON[deliverRequest](w, r)
	if err == nil {
		err = wanted.check()
	}
	if err != nil {
		return err
	}
	ctx := telemetry.WithConversation(r.Context(), wanted.OrderID)
	if err := d.sendOutNow(ctx, wanted); err != nil {
		return err
	}
	if err := host.Work(ctx, d.drivingTime); err != nil {
		return fmt.Errorf("drive: %w", err)
	}
	if _, err := handOver(ctx, d.DB, wanted.OrderID); err != nil {
		return err
	}
	return host.WriteJSON(w, http.StatusOK, map[string]string{"orderId": wanted.OrderID, "status": delivered.String()})
}

func (d *deliveries) sendOutNow(ctx context.Context, wanted deliverRequest) error {
	address, err := json.Marshal(wanted.DeliveryAddress)
	if err != nil {
		return fmt.Errorf("encode the address: %w", err)
	}
	return d.DB.Do(ctx, func(tx *store.Tx) error {
		if err := know(ctx, tx, wanted.OrderID); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE deliveries SET confirmed = TRUE, boxed = TRUE, customer_id = $1, address = $2,
			address_id = $3 WHERE order_id = $4`, wanted.CustomerID, string(address), wanted.DeliveryAddressID, wanted.OrderID); err != nil {
			return fmt.Errorf("store the order: %w", err)
		}
		known, err := read(ctx, tx, wanted.OrderID)
		switch {
		case err != nil:
			return err
		case known.cancelled:
			return host.Conflict("order %s was cancelled", wanted.OrderID)
		case known.address == nil:
			return host.Conflict("there is no address %q; want an id from POST /delivery/addresses", wanted.DeliveryAddressID)
		}
		if _, err := tx.ExecContext(ctx, `UPDATE deliveries SET stage = $1 WHERE order_id = $2 AND stage < $1`, onTheRoad, wanted.OrderID); err != nil {
			return fmt.Errorf("send out: %w", err)
		}
		return nil
	})
}
