package order

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"traceria/services/event"
	"traceria/services/host"
	"traceria/services/store"
	"traceria/telemetry"
)

// summary is the answer of POST /order.
type summary struct {
	OrderID     string `json:"orderId"`
	OrderNumber string `json:"orderNumber"`
	Status      string `json:"status"`
	TraceID     string `json:"traceId"`
	Links       links  `json:"links"`
}

type links struct {
	Self string `json:"self"`
	// Journey is the order's page in the console.
	Journey string `json:"journey"`
	Jaeger  string `json:"jaeger"`
}

// linked returns the summary with the order's URL at the host of the request. In a container only other containers can resolve
// the host in ORDER_URL.
func (s summary) linked(r *http.Request) summary {
	s.Links.Self = "http://" + r.Host + "/order/" + s.OrderID
	return s
}

func (o *orders) summarize(id string, seq int64, at progress, traceID string) summary {
	return summary{
		OrderID: id, OrderNumber: number(seq), Status: at.String(), TraceID: traceID,
		Links: links{
			Journey: o.Config.ConsolePublicURL + "/journeys/" + url.PathEscape(id), Jaeger: o.Config.JaegerPublicURL + "/trace/" + traceID,
		},
	}
}

// view is the answer of GET /order/{id}.
type view struct {
	summary
	CustomerID string       `json:"customerId"`
	OrderValue event.Money  `json:"orderValue"`
	Items      []event.Item `json:"items"`
	// DeliveryAddress is for a consumer that calls back. It is nil if the order has an address id.
	DeliveryAddress *event.Address `json:"deliveryAddress,omitempty"`
	CreatedAt       time.Time      `json:"createdAt"`
	// Rejection is the kitchen's reason, for an order that it cannot make.
	Rejection string  `json:"rejection,omitempty"`
	Timeline  []entry `json:"timeline,omitempty"`
}

func (o *orders) get(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	ctx := telemetry.WithConversation(r.Context(), id)
	found, err := o.views(ctx, `WHERE id = $1`, id)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return unknown(id)
	}
	if found[0].Timeline, err = o.timeline(ctx, id); err != nil {
		return err
	}
	found[0].summary = found[0].linked(r)
	return host.WriteJSON(w, http.StatusOK, found[0])
}

// pathID returns the order id in the path. It refuses a text that no id can be, because PostgreSQL fails on it.
func pathID(r *http.Request) (string, error) {
	id := r.PathValue("id")
	if host.CheckID("id", id) != nil {
		return "", unknown(id)
	}
	return id, nil
}

func unknown(id string) error { return host.NotFound("there is no order %.60q", id) }

// views returns orders without their timelines. rest is the statement from WHERE on.
func (o *orders) views(ctx context.Context, rest string, args ...any) ([]view, error) {
	rows, err := o.DB.QueryContext(ctx,
		`SELECT seq, id, customer_id, value_pence, items, address, trace_id, created_at, progress,
			COALESCE((SELECT reason FROM rejections WHERE order_id = id), '')
		FROM orders `+rest, args...)
	if err != nil {
		return nil, fmt.Errorf("read orders: %w", err)
	}
	defer func() { _ = rows.Close() }()
	found := []view{}
	for rows.Next() {
		v, err := o.scan(rows)
		if err != nil {
			return nil, err
		}
		found = append(found, v)
	}
	return found, rows.Err()
}

func (o *orders) scan(rows *sql.Rows) (view, error) {
	var seq, pence, at int64
	var id, customer, items, address, traceID, rejection string
	var reached progress
	if err := rows.Scan(&seq, &id, &customer, &pence, &items, &address, &traceID, &at, &reached, &rejection); err != nil {
		return view{}, fmt.Errorf("read an order: %w", err)
	}
	v := view{
		summary: o.summarize(id, seq, reached, traceID), CustomerID: customer, OrderValue: money(pence),
		CreatedAt: time.Unix(0, at).UTC(), Rejection: rejection,
	}
	if err := json.Unmarshal([]byte(items), &v.Items); err != nil {
		return view{}, fmt.Errorf("read the items of order %s: %w", id, err)
	}
	if err := json.Unmarshal([]byte(address), &v.DeliveryAddress); err != nil {
		return view{}, fmt.Errorf("read the address of order %s: %w", id, err)
	}
	return v, nil
}

// cancel is the command Cancel Order. It is possible until the order is out for delivery.
func (o *orders) cancel(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	ctx := telemetry.WithConversation(r.Context(), id)
	var answer summary
	err = o.DB.Do(ctx, func(tx *store.Tx) error {
		found, err := readOrder(ctx, tx, id)
		if errors.Is(err, sql.ErrNoRows) {
			return unknown(id)
		}
		if err != nil {
			return err
		}
		answer = o.summarize(id, found.seq, cancelled, found.traceID)
		switch {
		case found.progress == cancelled:
			return nil // a repeated request
		case found.progress >= outForDelivery:
			return host.Conflict("order %s is %s: it can be cancelled until it is out for delivery", id, found.progress)
		}
		return cancelOrder(ctx, tx, found, "cancelled by the customer")
	})
	if err != nil {
		return err
	}
	return host.WriteJSON(w, http.StatusAccepted, answer.linked(r))
}
