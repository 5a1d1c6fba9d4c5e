package playground_test

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"traceria/telemetry/otelamqp/rabbitmqtest"
)

// TestMain stops the shared broker and then checks for leaked goroutines.
func TestMain(m *testing.M) {
	code := rabbitmqtest.Main(m)
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, "goroutines are left:", err)
			code = 1
		}
	}
	os.Exit(code)
}
