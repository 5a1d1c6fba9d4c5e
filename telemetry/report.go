package telemetry

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// reportEvery is the shortest time between two log lines with the same message. An unreachable Collector causes an error
// every few seconds.
const reportEvery = time.Minute

// reporter logs failed exports, how much telemetry was lost, and when exports succeed again.
type reporter struct {
	log      zerolog.Logger
	backlogs []*backlog

	mu       sync.Mutex
	failing  map[string]bool      // signals whose last export failed
	warned   bool                 // the log has a line about the current outage
	logged   map[string]time.Time // when a message was last logged
	reported map[string]int64     // lost items that the log has mentioned, by signal
}

func newReporter() *reporter {
	return &reporter{failing: map[string]bool{}, logged: map[string]time.Time{}, reported: map[string]int64{}}
}

const (
	away  = "cannot export telemetry; the service continues and retries"
	again = "telemetry is exported again"
	full  = "telemetry was lost: the queue was full"
)

// exported records the result of an export of a signal. Only the exporting goroutine calls it, so that no other waits for the
// log. The line becomes a log record as well; there are few of them.
func (r *reporter) exported(signal string, err error) {
	if line, message := r.line(signal, err); line != nil {
		line.Msg(message)
	}
}

// line returns the log line for the result of an export, or nil if none is due.
func (r *reporter) line(signal string, err error) (*zerolog.Event, string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.failing[signal] = true
		if !r.due(away) {
			return nil, ""
		}
		r.warned = true
		counts, _ := r.lost()
		return r.log.Warn().Err(WithoutURL(err)).Fields(counts), away
	}
	delete(r.failing, signal)
	if len(r.failing) > 0 {
		return nil, ""
	}
	counts, all := r.lost()
	switch {
	case r.warned:
		r.warned = false
		r.markReported()
		return r.log.Info().Fields(counts), again
	case all > 0 && r.due(full):
		r.markReported()
		return r.log.Warn().Fields(counts), full
	default:
		return nil, ""
	}
}

// due reports whether message may be logged now, and records that it was. It is true at most once per reportEvery.
func (r *reporter) due(message string) bool {
	now := time.Now()
	if last, ever := r.logged[message]; ever && now.Sub(last) < reportEvery {
		return false
	}
	r.logged[message] = now
	return true
}

// lost returns the items that were lost since markReported, by log field, and their sum.
func (r *reporter) lost() (counts map[string]any, all int64) {
	counts = map[string]any{}
	for _, b := range r.backlogs {
		n := b.lost() - r.reported[b.signal]
		counts[b.field] = n
		all += n
	}
	return counts, all
}

func (r *reporter) markReported() {
	for _, b := range r.backlogs {
		r.reported[b.signal] = b.lost()
	}
}

// Handle implements otel.ErrorHandler for errors that the SDK cannot return: a failed export of metrics (nothing is lost, the
// next export has the sums) or, for example, baggage that cannot be parsed. OpenTelemetry has one global handler. With several
// services in a process the last one logs for all.
func (r *reporter) Handle(err error) {
	message := "OpenTelemetry reports an error"
	isMetrics := strings.Contains(err.Error(), "upload metrics") || errors.Is(err, context.DeadlineExceeded)
	if isMetrics {
		message = "cannot export metrics; the service continues and retries"
	}
	r.mu.Lock()
	logged := isMetrics && r.warned || !r.due(message)
	r.mu.Unlock()
	if !logged {
		r.log.Warn().Err(WithoutURL(err)).Msg(message)
	}
}

// Lost counts the spans and the log records that this service has dropped since its start: its queue was full, or the export
// failed.
type Lost struct {
	Spans   int64 `json:"lostSpans"`
	Records int64 `json:"lostRecords"`
}

// Lost returns what was dropped so far.
func (t *Telemetry) Lost() (lost Lost) {
	if t.report == nil { // it exports nothing
		return lost
	}
	for _, b := range t.report.backlogs {
		if b.signal == "traces" {
			lost.Spans += b.lost()
		} else {
			lost.Records += b.lost()
		}
	}
	return lost
}

// countDropped registers the metric of lost items. It is exported as soon as exports succeed again.
func (r *reporter) countDropped(provider metric.MeterProvider) error {
	_, err := provider.Meter("traceria/telemetry").Int64ObservableCounter("traceria.telemetry.dropped",
		metric.WithUnit("{item}"),
		metric.WithDescription("Spans and log records that were dropped because the queue was full or their export failed."),
		metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			for _, b := range r.backlogs {
				o.Observe(b.lost(), metric.WithAttributes(attribute.String("signal", b.signal)))
			}
			return nil
		}))
	return err
}
