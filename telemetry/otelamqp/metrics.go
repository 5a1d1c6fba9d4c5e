package otelamqp

import (
	"fmt"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/semconv/v1.43.0/messagingconv"
)

// durationBuckets are the boundaries, in seconds, that the conventions advise for both duration histograms. The
// package messagingconv does not set them.
var durationBuckets = []float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10}

// waitBuckets are the boundaries of the queue wait, in seconds. They end at an hour, because messages can wait long.
var waitBuckets = []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600}

// queueWaitMetric is not part of the conventions, which have no metric for the queue wait.
const queueWaitMetric = "traceria.queue.wait"

// instruments are the four metrics of the conventions and the queue wait histogram.
type instruments struct {
	operation metric.Float64Histogram
	process   metric.Float64Histogram
	sent      metric.Int64Counter
	consumed  metric.Int64Counter
	wait      metric.Float64Histogram
}

func newInstruments(m metric.Meter) (instruments, error) {
	buckets := metric.WithExplicitBucketBoundaries(durationBuckets...)
	operation, err := messagingconv.NewClientOperationDuration(m, buckets)
	if err != nil {
		return instruments{}, fmt.Errorf("create %s: %w", operation.Name(), err)
	}
	process, err := messagingconv.NewProcessDuration(m, buckets)
	if err != nil {
		return instruments{}, fmt.Errorf("create %s: %w", process.Name(), err)
	}
	sent, err := messagingconv.NewClientSentMessages(m)
	if err != nil {
		return instruments{}, fmt.Errorf("create %s: %w", sent.Name(), err)
	}
	consumed, err := messagingconv.NewClientConsumedMessages(m)
	if err != nil {
		return instruments{}, fmt.Errorf("create %s: %w", consumed.Name(), err)
	}
	wait, err := m.Float64Histogram(queueWaitMetric, metric.WithUnit("s"), metric.WithExplicitBucketBoundaries(waitBuckets...),
		metric.WithDescription("Time from sending a message to the start of its processing."))
	if err != nil {
		return instruments{}, fmt.Errorf("create %s: %w", queueWaitMetric, err)
	}
	// The wrappers build an attribute set for each measurement, which allocates. So the instruments are used directly.
	return instruments{operation.Inst(), process.Inst(), sent.Inst(), consumed.Inst(), wait}, nil
}
