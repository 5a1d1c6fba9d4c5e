package conformance

import (
	"errors"
	"fmt"
	"io"
	"time"

	"traceria/services/broker/wire"
	"traceria/services/event"
	"traceria/telemetry"
)

// The defaults of [Options], and the most messages of a run.
const (
	DefaultCount   = 3
	DefaultTimeout = 30 * time.Second
	maxCount       = 100
)

// Options choose the service under test.
type Options struct {
	// AMQPURL is the broker, and JaegerURL the query API of Jaeger. JaegerPublicURL is Jaeger's address for a browser; if it is
	// empty, JaegerURL is printed.
	AMQPURL, JaegerURL, JaegerPublicURL string
	// Queue is the queue from which the service takes OrderBoxed. Exchange is the exchange that it is bound to, and to which
	// the service publishes.
	Queue, Exchange string
	// OrderURL, if set, is the order service. The run then places real orders, and the service takes the place of delivery.
	// Exchange is then events.
	OrderURL string
	// Service is the service's service.name. If it is empty, the spans of all services count that are not the pizzeria's.
	Service string
	// Count is the number of messages. 0 means [DefaultCount].
	Count int
	// Timeout limits each wait: for the service to consume, to publish, and for its spans. 0 means [DefaultTimeout].
	Timeout time.Duration
	// Version is service.version of the run's own spans.
	Version string
	// Progress, if set, receives a line for each step.
	Progress io.Writer
}

// Check says which option is wrong and what is allowed.
func (o Options) Check() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if o.Queue == "" {
		wrong("queue: want the name of the queue from which your service takes OrderBoxed")
	}
	if o.Exchange == "" {
		wrong("exchange: want the name of the exchange that the queue is bound to")
	}
	if o.OrderURL != "" && o.Exchange != event.PublicExchange {
		wrong("exchange %s: real orders want %s", o.Exchange, event.PublicExchange)
	}
	if o.OrderURL != "" {
		if err := telemetry.CheckURL(o.OrderURL); err != nil {
			wrong("order URL: %w", err)
		}
	}
	for name, text := range map[string]string{"queue": o.Queue, "exchange": o.Exchange} {
		if len(text) > maxShort {
			wrong("%s: %d bytes, want at most %d", name, len(text), maxShort)
		}
	}
	if o.Count < 0 || o.Count > maxCount {
		wrong("count %d: want 1 to %d", o.Count, maxCount)
	}
	if o.Timeout < 0 {
		wrong("timeout %s: want more than 0", o.Timeout)
	}
	if err := wire.CheckURL(o.AMQPURL); err != nil {
		wrong("AMQP URL: %w", err)
	}
	if err := telemetry.CheckURL(o.JaegerURL); err != nil {
		wrong("Jaeger URL: %w", err)
	}
	return errors.Join(errs...)
}

// maxShort is the longest name in AMQP 0-9-1 (4.2.5.3).
const maxShort = 255

func (o Options) withDefaults() Options {
	if o.Count == 0 {
		o.Count = DefaultCount
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	if o.JaegerPublicURL == "" {
		o.JaegerPublicURL = o.JaegerURL
	}
	if o.Progress == nil {
		o.Progress = io.Discard
	}
	return o
}

func (o Options) say(format string, args ...any) {
	_, _ = fmt.Fprintf(o.Progress, format+"\n", args...) // progress that cannot be written is no failure of the run
}
