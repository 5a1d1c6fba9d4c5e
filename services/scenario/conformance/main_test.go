package conformance_test

import (
	"os"
	"testing"

	"traceria/services/cli"
	"traceria/services/system/systemtest"
	"traceria/telemetry/otelamqp/rabbitmqtest"
)

// TestMain lets the test binary run as traceria: the services of a pizzeria are processes of their own.
func TestMain(m *testing.M) {
	if os.Getenv(systemtest.AsBinary) != "" {
		os.Exit(cli.Main())
	}
	os.Exit(rabbitmqtest.Main(m))
}
