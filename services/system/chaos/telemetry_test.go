package chaos

import "testing"

// The Collector is killed. Every order is settled before the restart, and then traces arrive again. Spans in the
// Collector are lost.
func collectorKilled() fault {
	return fault{
		name: "collector-killed", begins: 0.4, traces: laterTraces,
		inject: func(t *testing.T, p *trial) { p.KillPart(t, p.Collector) },
		repair: func(t *testing.T, p *trial) { p.StartPart(t, p.Collector) },
	}
}

// Jaeger is killed with its stored traces. The Collector keeps new spans until Jaeger is back.
func jaegerKilled() fault {
	return fault{
		name: "jaeger-killed", begins: 0.4, traces: laterTraces,
		inject: func(t *testing.T, p *trial) { p.KillPart(t, p.Backend) },
		repair: func(t *testing.T, p *trial) { p.StartPart(t, p.Backend) },
	}
}
