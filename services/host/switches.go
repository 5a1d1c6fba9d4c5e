package host

import (
	"context"

	"traceria/services/failure"
	"traceria/telemetry"
)

// withSwitches returns a context in which [failure.On] says what is switched on: everything that the service does, its
// requests, its handlers and its relay, runs under it.
func withSwitches(ctx context.Context, service string, options Options, tel *telemetry.Telemetry) (context.Context, func(), error) {
	if options.Config.Flags.Path == "" {
		return ctx, func() {}, nil
	}
	switches, err := failure.Open(failure.Options{
		Service: service, File: options.Config.Flags, Shared: options.Telemetry.Shared, Log: tel.Log,
	})
	if err != nil {
		return ctx, nil, err
	}
	return failure.NewContext(ctx, switches), switches.Close, nil
}
