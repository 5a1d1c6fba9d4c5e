package rabbitmqtest

import (
	"fmt"
	"os"
	"sync"
	"testing"
)

var shared struct {
	sync.Mutex
	broker *Broker
	err    error
}

// Main runs the tests of a package and ends the shared broker afterwards, if a test started it. It returns the exit code.
func Main(m *testing.M) int {
	skipExamplesShort()
	code := m.Run()
	shared.Lock()
	defer shared.Unlock()
	if shared.broker == nil {
		return code
	}
	if err := shared.broker.close(); err != nil {
		fmt.Fprintln(os.Stderr, "rabbitmqtest:", err)
		return max(code, 1)
	}
	shared.broker = nil
	return code
}

// Shared returns the package's broker and starts it when no test has asked for it before. The package needs Main.
func Shared(tb testing.TB) *Broker {
	tb.Helper()
	skipShort(tb)
	b, err := startShared()
	if err != nil {
		tb.Fatalf("rabbitmqtest: %v", err)
	}
	return b
}

func startShared() (*Broker, error) {
	shared.Lock()
	defer shared.Unlock()
	if shared.broker == nil && shared.err == nil {
		shared.broker, shared.err = start()
	}
	return shared.broker, shared.err
}

// URL returns the address of the shared broker for Examples, which have no testing.TB. It panics where Shared fails.
func URL() string {
	b, err := startShared()
	if err != nil {
		panic("rabbitmqtest: " + err.Error())
	}
	return b.URL
}
