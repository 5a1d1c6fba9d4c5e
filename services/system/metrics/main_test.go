// Package metrics tests the metrics of the whole system in a real Prometheus: of the services, of their spans, of RabbitMQ,
// the Collector and Jaeger.
package metrics

import (
	"testing"

	"traceria/services/system/systemtest"
)

func TestMain(m *testing.M) { systemtest.Main(m) }
