package delivery

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"traceria/services/event"
	"traceria/services/host"
	"traceria/services/store"
	"traceria/telemetry"
)

// stage is how far a delivery has come. It only grows.
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

// read returns a delivery with its address, given directly or by the id of one that was added before.
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

// deliveryView is what GET /delivery/{orderId} answers.
type deliveryView struct {
	OrderID         string         `json:"orderId"`
	CustomerID      string         `json:"customerId"`
	Status          string         `json:"status"`
	DeliveryAddress *event.Address `json:"deliveryAddress"`
}

func (d *deliveries) get(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("orderId")
	ctx := telemetry.WithConversation(r.Context(), id)
	var known delivery
	err := d.DB.Do(ctx, func(tx *store.Tx) (err error) {
		known, err = read(ctx, tx, id)
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		return host.NotFound("there is no delivery for order %.60q", id)
	}
	if err != nil {
		return err
	}
	status := known.stage.String()
	if known.cancelled && known.stage == waiting {
		status = "cancelled"
	}
	return host.WriteJSON(w, http.StatusOK, deliveryView{known.orderID, known.customerID, status, known.address})
}

const maxText = 200

// addAddress is the command Add Delivery Address: an order can name the address by the id in the answer.
func (d *deliveries) addAddress(w http.ResponseWriter, r *http.Request) error {
	address, err := host.ReadJSON[event.Address](w, r)
	if err != nil {
		return err
	}
	for field, text := range map[string]string{
		"addressLine1": address.AddressLine1, "addressLine2": address.AddressLine2,
		"city": address.City, "postcode": address.Postcode,
	} {
		if len(text) > maxText {
			return host.Invalid(field, "is %d bytes long, want at most %d", len(text), maxText)
		}
	}
	if strings.TrimSpace(address.AddressLine1) == "" {
		return host.Invalid("addressLine1", "is missing; want 1 to %d bytes of text", maxText)
	}
	text, err := json.Marshal(address)
	if err != nil {
		return fmt.Errorf("write the address: %w", err)
	}
	id := uuid.Must(uuid.NewV7()).String()
	if _, err := d.DB.ExecContext(r.Context(), `INSERT INTO addresses (id, address) VALUES ($1, $2)`, id, string(text)); err != nil {
		return fmt.Errorf("store the address: %w", err)
	}
	return host.WriteJSON(w, http.StatusCreated, map[string]string{"deliveryAddressId": id})
}
