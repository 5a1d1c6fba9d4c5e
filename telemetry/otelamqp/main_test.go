package otelamqp_test

import (
	"fmt"
	"os"
	"testing"

	"traceria/telemetry/otelamqp/rabbitmqtest"

	"go.uber.org/goleak"
)

// TestMain stops the shared broker and then checks for goroutines that the package left behind.
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
