package main

import "testing"

// The Collector dies. The services do not notice: every order is settled before it is back, and then the traces
// flow again. What was on its way is lost.
func collectorKilled() fault {
	return fault{
		name: "collector-killed", begins: 0.4, traces: laterTraces,
		inject: func(t *testing.T, p *pizzeria) { p.killPart(t, p.collector) },
		repair: func(t *testing.T, p *pizzeria) { p.startPart(t, p.collector) },
	}
}

// Jaeger dies, with all that it had in memory. The Collector keeps what comes until it is back.
func jaegerKilled() fault {
	return fault{
		name: "jaeger-killed", begins: 0.4, traces: laterTraces,
		inject: func(t *testing.T, p *pizzeria) { p.killPart(t, p.backend) },
		repair: func(t *testing.T, p *pizzeria) { p.startPart(t, p.backend) },
	}
}
