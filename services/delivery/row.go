package delivery

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"traceria/services/event"
	"traceria/services/host"
	"traceria/services/store"
	"traceria/telemetry"
)

// stage is the progress of a delivery. It only grows. Cancellation is a separate flag that overrides it, as in the order service:
// both services must report the same status.
type stage int

const (
	waiting stage = iota
	onTheRoad
	delivered
)

func (s stage) String() string { return [...]string{"waiting", "out-for-delivery", "delivered"}[s] }

type delivery struct {
	orderID, customerID, addressID, sentOutBy string
	address                                   *event.Address
	confirmed, boxed, cancelled               bool
	stage                                     stage
}

// read returns a delivery with its address, which the order has itself or by the id of a stored one.
func read(ctx context.Context, tx *store.Tx, orderID string) (delivery, error) {
	known := delivery{orderID: orderID}
	var address string
	err := tx.QueryRowContext(ctx, `SELECT d.customer_id, d.address_id, d.confirmed, d.boxed, d.cancelled, d.stage,
			d.sent_out_by, COALESCE(a.address, d.address)
		FROM deliveries d LEFT JOIN addresses a ON a.id = d.address_id WHERE d.order_id = $1`, orderID).
		Scan(&known.customerID, &known.addressID, &known.confirmed, &known.boxed, &known.cancelled, &known.stage,
			&known.sentOutBy, &address)
	if err != nil {
		return known, fmt.Errorf("read the delivery: %w", err)
	}
	if err := json.Unmarshal([]byte(address), &known.address); err != nil {
		return known, fmt.Errorf("read the address: %w", err)
	}
	return known, nil
}

// know inserts the row of an order if this is the first event of the order.
func know(ctx context.Context, tx *store.Tx, orderID string) error {
	if _, err := tx.ExecContext(ctx, `INSERT INTO deliveries (order_id) VALUES ($1) ON CONFLICT DO NOTHING`, orderID); err != nil {
		return fmt.Errorf("store the order: %w", err)
	}
	return nil
}

// executor is the database or a transaction of it.
type executor interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// handOver stores that the order is delivered unless it is cancelled. first is false if it was delivered before.
func handOver(ctx context.Context, on executor, orderID string) (first bool, err error) {
	changed, err := on.ExecContext(ctx,
		`UPDATE deliveries SET stage = $1 WHERE order_id = $2 AND stage < $1 AND NOT cancelled`, delivered, orderID)
	if err != nil {
		return false, fmt.Errorf("hand the order over: %w", err)
	}
	n, err := changed.RowsAffected()
	return n > 0, err
}

// status returns the status in the API.
func (d delivery) status() string {
	if d.cancelled {
		return "cancelled"
	}
	return d.stage.String()
}

// waitsFor returns what is missing before the order can be sent out.
func (d delivery) waitsFor() []string {
	var missing []string
	if d.cancelled || d.stage > waiting {
		return nil
	}
	if !d.confirmed {
		missing = append(missing, "confirmation")
	}
	if !d.boxed {
		missing = append(missing, "box")
	}
	if d.confirmed && d.address == nil {
		missing = append(missing, "address")
	}
	return missing
}

// deliveryView is the answer of GET /delivery/{orderId}.
type deliveryView struct {
	OrderID         string         `json:"orderId"`
	CustomerID      string         `json:"customerId"`
	Status          string         `json:"status"`
	WaitingFor      []string       `json:"waitingFor,omitempty"`
	DeliveryAddress *event.Address `json:"deliveryAddress"`
}

func (d *deliveries) get(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("orderId")
	unknown := host.NotFound("there is no delivery for order %.60q", id)
	if host.CheckID("orderId", id) != nil {
		return unknown // PostgreSQL fails on such a text
	}
	ctx := telemetry.WithConversation(r.Context(), id)
	var known delivery
	err := d.DB.Do(ctx, func(tx *store.Tx) (err error) {
		known, err = read(ctx, tx, id)
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		return unknown
	}
	if err != nil {
		return err
	}
	return host.WriteJSON(w, http.StatusOK,
		deliveryView{known.orderID, known.customerID, known.status(), known.waitsFor(), known.address})
}

// addAddress is the command Add Delivery Address. It answers an id that an order can use. The id is made together with the address,
// so an accepted order never waits for an address that is added later.
func (d *deliveries) addAddress(w http.ResponseWriter, r *http.Request) error {
	address, err := host.ReadJSON[event.Address](w, r)
	if err != nil {
		return err
	}
	if field, err := address.Check(); err != nil {
		return host.Invalid(field, "%s", err)
	}
	text, err := json.Marshal(address)
	if err != nil {
		return fmt.Errorf("encode the address: %w", err)
	}
	id := event.NewAddressID()
	if _, err := d.DB.ExecContext(r.Context(), `INSERT INTO addresses (id, address) VALUES ($1, $2)`, id, string(text)); err != nil {
		return fmt.Errorf("store the address: %w", err)
	}
	return host.WriteJSON(w, http.StatusCreated, map[string]string{"deliveryAddressId": id})
}
