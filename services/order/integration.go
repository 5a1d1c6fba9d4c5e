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

// The variants of the experiment integration.
const (
	integrationSync         = "sync"          // calls kitchen, loyalty and delivery, one after the other
	integrationLoyaltyAsync = "loyalty-async" // calls kitchen and delivery; loyalty gets an event
)

// integration returns the variant for this order. It is evaluated once, when the order is placed.
func integration(ctx context.Context) (variant string, called bool) {
	return failure.On(ctx, failure.Integration)
}

// undoTime limits storing the result of an order. It does not depend on the caller's context.
const undoTime = 2 * time.Second

// call is the talk's starting point: the caller waits until the order is delivered, and every service must be up. If one call
// fails, the order is cancelled. The work of the services that were called before is not undone, and that is the lesson.
func (o *orders) call(ctx context.Context, found row, variant string) (summary, error) {
	if err := o.callAll(ctx, found, variant); err != nil {
		return summary{}, errors.Join(err, o.finish(ctx, found, cancelled))
	}
	if err := o.finish(ctx, found, delivered, o.told(ctx, found, variant)...); err != nil {
		return summary{}, err
	}
	o.Log.Info().Ctx(ctx).Str("order_number", number(found.seq)).Str("integration", variant).Msg("order placed and delivered")
	return o.summarize(found.id, found.seq, delivered, found.traceID), nil
}

// called is a command to another service.
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

// failedCall returns the answer for the caller: 503 if the service was not available, 502 if it refused.
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

// told returns the event for loyalty in one version that loyalty takes. It is empty unless the variant is loyalty-async.
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

// finish stores the result of a called order and publishes facts.
func (o *orders) finish(ctx context.Context, found row, reached progress, facts ...event.Payload) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTime)
	defer cancel()
	return o.DB.Do(ctx, func(tx *store.Tx) error {
		placed, err := moveForward(ctx, tx, found.id, reached)
		if err != nil {
			return err
		}
		if reached == delivered {
			tx.Committed(func() { o.took(ctx, placed, time.Now()) })
		}
		if len(facts) == 0 {
			return nil
		}
		return tx.Publish(ctx, facts...)
	})
}
