package order

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"traceria/services/event"
	"traceria/services/failure"
	"traceria/services/host"
	"traceria/services/store"
)

// The variants of the experiment integration: how an order gets from here to the customer.
const (
	integrationSync         = "sync"          // kitchen, loyalty and delivery are called, one after the other
	integrationLoyaltyAsync = "loyalty-async" // kitchen and delivery are called, loyalty hears of it by an event
)

// integration is how this order goes its way: it is asked once, when the order is placed.
func integration(ctx context.Context) (variant string, called bool) {
	return failure.On(ctx, failure.Integration)
}

// undoTime is how long it may take to write down that an order failed, also when the caller has gone.
const undoTime = 2 * time.Second

// call is the talk's starting point: the caller waits until the order is delivered, and everybody who is needed for that
// must be there now. When one is not, the order fails. What the others have done by then stays done: nobody tells them,
// and that is the lesson.
func (o *orders) call(ctx context.Context, wanted newOrder, variant string) (summary, error) {
	var found row
	err := o.DB.Do(ctx, func(tx *store.Tx) (err error) {
		if _, err = wanted.insert(ctx, tx); err != nil {
			return err
		}
		found, err = readOrder(ctx, tx, wanted.id)
		return err
	})
	if err != nil {
		return summary{}, err
	}
	if err := o.callAll(ctx, found, variant); err != nil {
		return summary{}, errors.Join(err, o.finish(ctx, found, cancelled))
	}
	if err := o.finish(ctx, found, delivered, o.told(ctx, found, variant)...); err != nil {
		return summary{}, err
	}
	o.Log.Info().Ctx(ctx).Str("order_number", number(found.seq)).Str("integration", variant).Msg("order placed and delivered")
	return o.summarize(found.id, found.seq, delivered, found.traceID), nil
}

// called is a command that the order service gives to another one.
type called struct {
	service, path string
	body          any
}

func (o *orders) callAll(ctx context.Context, found row, variant string) error {
	calls := []called{
		{"kitchen", "/tickets", map[string]any{
			"orderId": found.id, "orderNumber": number(found.seq), "items": found.items,
		}},
		{"loyalty", "/loyalty", map[string]any{
			"orderId": found.id, "customerId": found.customerID, "orderValue": money(found.pence),
		}},
		{"delivery", "/delivery", map[string]any{
			"orderId": found.id, "customerId": found.customerID,
			"deliveryAddress": found.address, "deliveryAddressId": found.addressID,
		}},
	}
	for _, c := range calls {
		if c.service == "loyalty" && variant == integrationLoyaltyAsync {
			continue
		}
		var answer struct{}
		if err := o.Ask(ctx, c.service, http.MethodPost, c.path, c.body, &answer); err != nil {
			return failedCall(c.service, err)
		}
	}
	return nil
}

// failedCall is what the caller is told: who was not there, or who said no.
func failedCall(service string, err error) error {
	status, title := http.StatusBadGateway, "The order failed"
	if errors.Is(err, event.ErrUnavailable) {
		status = http.StatusServiceUnavailable
	}
	return &host.Problem{
		Status: status, Title: title, ErrorType: service,
		Detail: fmt.Sprintf("%s was called and failed, and the order is cancelled: %s", service, err),
	}
}

// told is what loyalty hears by an event: one version, which it takes.
func (o *orders) told(ctx context.Context, found row, variant string) []event.Payload {
	if variant != integrationLoyaltyAsync {
		return nil
	}
	versions := o.Config.Choices(ctx).Confirmed()
	if slices.Contains(versions, event.OrderConfirmedV1) {
		versions = []event.Type{event.OrderConfirmedV1}
	}
	return found.confirmations(versions[:1])
}

// finish writes down what became of a called order.
func (o *orders) finish(ctx context.Context, found row, reached progress, facts ...event.Payload) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTime)
	defer cancel()
	return o.DB.Do(ctx, func(tx *store.Tx) error {
		if err := moveForward(ctx, tx, found.id, reached); err != nil || len(facts) == 0 {
			return err
		}
		return tx.Publish(ctx, facts...)
	})
}
