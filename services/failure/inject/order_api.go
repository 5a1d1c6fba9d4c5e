package inject

import (
	"context"
	"errors"
	"slices"
	"time"

	"traceria/services/failure"
)

// Entry is the route where an order begins, and where [failure.Header] is read.
const Entry = "POST /order"

// ErrDown is the answer of an API that is down.
var ErrDown = errors.New("the order API is down")

// Answer is order-api.down and order-api.slow, before a request is answered. It returns the key that was injected, for
// whoever asked, or "". The error is [ErrDown], or that of ctx.
//
// Down: Jaeger shows a server span with status 503 and nothing under it. Slow: a long server span and, with
// event.style=sparse-callback, long client spans of those who ask.
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
		err = pause(ctx, longer)
	}
	return failure.OrderAPISlow, err
}
