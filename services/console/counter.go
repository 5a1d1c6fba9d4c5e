package console

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"

	"go.opentelemetry.io/otel/trace"

	"traceria/services/failure"
	"traceria/services/host"
)

const (
	// mostOrders limits one request, and placedAtOnce how many of its orders are placed at the same time.
	mostOrders   = 50
	placedAtOnce = 10
)

// counterAddress is where orders go that name no address.
var counterAddress = json.RawMessage(`{"addressLine1":"167 My Street"}`)

// orderBody is the body of POST /api/orders. Address and items are the order service's own.
type orderBody struct {
	Count      *int            `json:"count"`
	CustomerID string          `json:"customerId"`
	Items      json.RawMessage `json:"items"`
	// Failure is for these orders only: key[=variant][, key…].
	Failure         string          `json:"failure"`
	DeliveryAddress json.RawMessage `json:"deliveryAddress,omitempty"`
}

// placedOrders is the answer of POST /api/orders.
type placedOrders struct {
	// Orders are the answers of the order service, and Refused its problem documents.
	Orders  []json.RawMessage `json:"orders"`
	Refused []json.RawMessage `json:"refused"`
}

// menu answers GET /api/menu.
func (c *console) menu(w http.ResponseWriter, r *http.Request) error {
	if _, err := parameters(r); err != nil {
		return err
	}
	menu, err := c.system.Counter.Menu(r.Context())
	if err != nil {
		return err
	}
	return host.WriteJSON(w, http.StatusOK, menu)
}

// placeOrders answers POST /api/orders.
func (c *console) placeOrders(w http.ResponseWriter, r *http.Request) error {
	body, err := host.ReadJSON[orderBody](w, r)
	if err != nil {
		return err
	}
	count := 1
	if body.Count != nil {
		count = *body.Count
	}
	if count < 1 || count > mostOrders {
		return host.Invalid("count", "is %d, want a whole number from 1 to %d", count, mostOrders)
	}
	one, err := newOrdering(r.Context(), body)
	if err != nil {
		return err
	}
	answer := c.answers(c.placeAll(r.Context(), count, one))
	if len(answer.Orders) == 0 {
		return refusedAs(answer.Refused[0])
	}
	return host.WriteJSON(w, http.StatusAccepted, answer)
}

// refusedAs is the answer when no order was placed: the first refusal.
func refusedAs(text json.RawMessage) error {
	problem := &host.Problem{Status: http.StatusBadGateway, Title: "Order refused"}
	if err := json.Unmarshal(text, problem); err != nil {
		problem.Detail = "the order service gives no reason"
	}
	return problem
}

// placeAll places orders that are all the same. One order belongs to the trace of ctx, each of several has a trace of its own.
func (c *console) placeAll(ctx context.Context, count int, o ordering) []placing {
	if count == 1 {
		return []placing{c.place(ctx, o)}
	}
	placings := make([]placing, count)
	var group sync.WaitGroup
	room := make(chan struct{}, placedAtOnce)
	for n := range placings {
		room <- struct{}{}
		group.Go(func() {
			defer func() { <-room }()
			placings[n] = c.placeApart(ctx, o)
		})
	}
	group.Wait()
	return placings
}

// ordering is a request to the order service.
type ordering struct {
	body    json.RawMessage
	headers http.Header
}

// newOrdering checks the failure and makes the order service's body. The order service checks the rest.
func newOrdering(ctx context.Context, body orderBody) (ordering, error) {
	one := ordering{headers: http.Header{}}
	if body.Failure != "" {
		if _, err := failure.WithHeader(ctx, body.Failure); err != nil {
			return one, host.Invalid("failure", "%v", err)
		}
		one.headers.Set(failure.Header, body.Failure)
	}
	order := map[string]any{"customerId": body.CustomerID}
	if len(body.Items) > 0 {
		order["items"] = body.Items
	}
	order["deliveryAddress"] = body.DeliveryAddress
	if len(body.DeliveryAddress) == 0 || string(body.DeliveryAddress) == "null" {
		order["deliveryAddress"] = counterAddress
	}
	var err error
	one.body, err = json.Marshal(order)
	return one, err
}

// placing is the result of placing an order.
type placing struct {
	status int
	answer json.RawMessage
	err    error
}

func (p placing) placed() bool { return p.err == nil && p.status < http.StatusBadRequest }

func (c *console) place(ctx context.Context, o ordering) placing {
	status, answer, err := c.system.Counter.Place(ctx, o.body, o.headers)
	return placing{status, answer, err}
}

// placeApart places an order in a trace of its own, which links to the span of ctx.
func (c *console) placeApart(ctx context.Context, o ordering) placing {
	ctx, span := c.Telemetry.TracerProvider.Tracer("traceria/services/console").Start(ctx, "place order",
		trace.WithNewRoot(), trace.WithLinks(trace.LinkFromContext(ctx)))
	defer span.End()
	return c.place(ctx, o)
}

// answers sorts the results. An order service that does not answer becomes a problem document, as a refusal is.
func (c *console) answers(placings []placing) placedOrders {
	a := placedOrders{Orders: []json.RawMessage{}, Refused: []json.RawMessage{}}
	for _, p := range placings {
		switch {
		case p.placed():
			a.Orders = append(a.Orders, p.answer)
		case p.err == nil && json.Valid(p.answer):
			a.Refused = append(a.Refused, p.answer)
		default:
			text, _ := json.Marshal(c.problemOf(p)) // strings and a number cannot fail
			a.Refused = append(a.Refused, text)
		}
	}
	return a
}

func (c *console) problemOf(p placing) *host.Problem {
	if problem, ok := errors.AsType[*host.Problem](p.err); ok {
		return problem
	}
	if p.err == nil {
		return &host.Problem{Status: p.status, Title: "Order refused", Detail: "the order service gives no reason"}
	}
	c.Log.Warn().Err(p.err).Msg("order not placed")
	return &host.Problem{
		Status: http.StatusServiceUnavailable, Title: "Order service unavailable", Detail: "the order service does not answer in time",
	}
}
