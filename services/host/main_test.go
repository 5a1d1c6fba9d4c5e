package host_test

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"traceria/services/host/hosttest"
	"traceria/services/store/postgrestest"
)

func TestMain(m *testing.M) { os.Exit(allTests(m)) }

func allTests(m *testing.M) int {
	code := m.Run()
	if err := postgrestest.End(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	if err := goleak.Find(hosttest.FlagGoroutines()...); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	return code
}
