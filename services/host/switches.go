package host

import (
	"context"
	"errors"
	"net/http"

	"traceria/services/failure"
	"traceria/services/failure/inject"
	"traceria/telemetry"
)

// withSwitches returns the context of everything that the service does: requests, handlers and relay. [failure.On]
// reads the switches from it.
func withSwitches(ctx context.Context, service string, options Options, tel *telemetry.Telemetry) (context.Context, func(), error) {
	return WithSwitches(ctx, failure.Options{
		Service: service, File: options.Config.Flags, Shared: options.Telemetry.Shared, Log: tel.Log, Meters: tel.MeterProvider,
	})
}

// WithSwitches returns a context from which [failure.On] reads the switches, and a function that closes them. Without a
// file path every switch is off.
func WithSwitches(ctx context.Context, options failure.Options) (context.Context, func(), error) {
	if options.File.Path == "" {
		return ctx, func() {}, nil
	}
	switches, err := failure.Open(options)
	if err != nil {
		return ctx, nil, err
	}
	return failure.NewContext(ctx, switches), switches.Close, nil
}

// injectedHeader names the failure that was injected into the answer.
const injectedHeader = "Traceria-Injected"

// injected wraps a handler with the failures of the synchronous edge. On the route that starts an order it also reads
// the failures of [failure.Header], which then travel with the order.
func (r *Routes) injected(pattern string, handle HandlerFunc) HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) error {
		ctx := req.Context()
		if pattern == inject.Entry {
			chosen, err := Header(req, failure.Header)
			if err != nil {
				return err
			}
			ctx, err = failure.WithHeader(ctx, chosen)
			if errors.Is(err, failure.ErrNoRoom) {
				return &Problem{
					Status: http.StatusRequestHeaderFieldsTooLarge, Title: "Request header fields too large", Field: failure.Header, Detail: err.Error(),
				}
			}
			if err != nil {
				return Invalid(failure.Header, "%s", err)
			}
			req = req.WithContext(ctx)
		}
		key, err := r.injector.Answer(ctx, pattern)
		if key != "" {
			w.Header().Set(injectedHeader, string(key))
		}
		if errors.Is(err, inject.ErrDown) {
			return &Problem{
				Status: http.StatusServiceUnavailable, Title: unavailableProblem.Title,
				Detail: string(key) + " is switched on", ErrorType: "injected",
			}
		}
		if err != nil {
			return err
		}
		return handle(w, req)
	}
}
