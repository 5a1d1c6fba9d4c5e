package inject

import (
	"context"
	"errors"
	"slices"
	"time"

	"traceria/services/failure"
	"traceria/services/wait"
)

// Entry is the route that starts an order. [failure.Header] is read there.
const Entry = "POST /order"

// ErrDown is the error of order-api.down.
var ErrDown = errors.New("the order API is down")

// Answer injects order-api.down ([ErrDown]) or order-api.slow before a request is handled. It returns the injected key,
// or "". Jaeger shows a server span with status 503 and nothing below it, or a long server span.
func (i *Injector) Answer(ctx context.Context, route string) (failure.Key, error) {
	if i == nil || i.service != "order" || !slices.Contains([]string{Entry, "GET /order/{id}"}, route) {
		return "", nil
	}
	if _, on := failure.On(ctx, failure.OrderAPIDown); on {
		failure.Inject(ctx, failure.OrderAPIDown)
		return failure.OrderAPIDown, ErrDown
	}
	variant, on := failure.On(ctx, failure.OrderAPISlow)
	if !on {
		return "", nil
	}
	failure.Inject(ctx, failure.OrderAPISlow)
	longer, err := time.ParseDuration(variant)
	if err == nil {
		err = wait.For(ctx, longer)
	}
	return failure.OrderAPISlow, err
}
