package hosttest

import (
	"context"
	"sync"
	"testing"
	"time"

	"traceria/services/host"
)

// deadline limits the start of a service.
const deadline = 20 * time.Second

// Run runs a service as main does, until the test ends or stop is called. base is its URL. stop returns the error of
// the service.
func Run(tb testing.TB, service host.Service, options host.Options) (base string, stop func() error) {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	listening, ended := make(chan string, 1), make(chan error, 1)
	options.Listening = func(_, address string) { listening <- address }
	go func() { ended <- host.Run(ctx, service, options) }()
	stop = sync.OnceValue(func() error { cancel(); return <-ended })
	tb.Cleanup(func() {
		if err := stop(); err != nil {
			tb.Errorf("the service ended with %v", err)
		}
	})
	select {
	case address := <-listening:
		return "http://" + address, stop
	case err := <-ended:
		ended <- err
		tb.Fatalf("the service ended: %v", err)
	case <-time.After(deadline):
		tb.Fatal("the service does not listen")
	}
	return "", stop
}
