package postgrestest

import (
	"fmt"
	"os"
	"sync"
	"testing"
)

var shared struct {
	sync.Mutex
	server *Server
	err    error
}

// Main runs the tests of a package and ends the shared server afterwards, if a test started it. It returns the exit code.
func Main(m *testing.M) int {
	code := m.Run()
	if err := End(); err != nil {
		fmt.Fprintln(os.Stderr, "postgrestest:", err)
		return max(code, 1)
	}
	return code
}

// End ends the shared server, if a test started it, for a TestMain that does more than [Main].
func End() error {
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil {
		return nil
	}
	err := shared.server.close()
	shared.server = nil
	return err
}

// skipShort skips a test that needs a database server when the tests run with -short.
func skipShort(tb testing.TB) {
	tb.Helper()
	if testing.Short() {
		tb.Skip("needs a PostgreSQL, which -short leaves out")
	}
}

// Shared returns the package's server and starts it when no test has asked for it before. The package needs [Main].
func Shared(tb testing.TB) *Server {
	tb.Helper()
	skipShort(tb)
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil && shared.err == nil {
		shared.server, shared.err = start()
	}
	if shared.err != nil {
		tb.Fatalf("postgrestest: %v", shared.err)
	}
	return shared.server
}
