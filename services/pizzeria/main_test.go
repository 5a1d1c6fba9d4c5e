package pizzeria

import (
	"os"
	"testing"

	"traceria/telemetry/otelamqp/rabbitmqtest"
)

func TestMain(m *testing.M) { os.Exit(rabbitmqtest.Main(m)) }
