package chaos

import "testing"

// The Collector dies. The services do not notice: every order is settled before it is back, and then the traces
// flow again. What was on its way is lost.
func collectorKilled() fault {
	return fault{
		name: "collector-killed", begins: 0.4, traces: laterTraces,
		inject: func(t *testing.T, p *trial) { p.KillPart(t, p.Collector) },
		repair: func(t *testing.T, p *trial) { p.StartPart(t, p.Collector) },
	}
}

// Jaeger dies, with all that it had in memory. The Collector keeps what comes until it is back.
func jaegerKilled() fault {
	return fault{
		name: "jaeger-killed", begins: 0.4, traces: laterTraces,
		inject: func(t *testing.T, p *trial) { p.KillPart(t, p.Backend) },
		repair: func(t *testing.T, p *trial) { p.StartPart(t, p.Backend) },
	}
}
