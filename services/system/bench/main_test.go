// Package bench measures the whole system: real processes, placed orders, the traces that Jaeger has, and the CPU time of each
// process. README.md says how to read the figures.
package bench

import (
	"flag"
	"testing"
	"time"

	"traceria/services/system/systemtest"
)

var (
	rate     = flag.Float64("rate", 10, "orders offered per second")
	duration = flag.Duration("duration", 3*time.Second, "the time for which orders are offered")
)

func TestMain(m *testing.M) { systemtest.Main(m) }
