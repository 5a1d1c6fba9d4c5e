package systemtest

import (
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"traceria/services/pizzeria"
)

// AwaitReady waits up to a minute until the service answers /readyz with 200.
func AwaitReady(t *testing.T, name, address string) {
	t.Helper()
	Eventually(t, time.Minute, name+" is ready", func() bool {
		code, _, err := pizzeria.Get(t.Context(), "http://"+address+"/readyz")
		return err == nil && code == http.StatusOK
	})
}

// Eventually waits until holds returns true. It fails the test after within.
func Eventually(t *testing.T, within time.Duration, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(within)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %s", what, within)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// handedOut holds the returned addresses, because a port stays free until a process listens on it.
var handedOut sync.Map

// FreeAddress returns a free loopback address. It never returns the same address twice.
func FreeAddress(t *testing.T) string {
	t.Helper()
	for range 100 {
		listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		address := listener.Addr().String()
		_ = listener.Close()
		if _, taken := handedOut.LoadOrStore(address, true); !taken {
			return address
		}
	}
	t.Fatal("no free port")
	return ""
}

// skipShort skips a test that needs RabbitMQ, the Collector or Jaeger when the tests run with -short.
func skipShort(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("needs the whole system, which -short leaves out")
	}
}
