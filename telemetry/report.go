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

// reportEvery is how often the log says what goes wrong with telemetry. A Collector that is away makes an error every
// few seconds, for as long as it is away.
const reportEvery = time.Minute

// reporter says that telemetry is not being delivered, at most every minute, how much of it was lost, and when it
// is being delivered again.
type reporter struct {
	log      zerolog.Logger
	backlogs []*backlog

	mu        sync.Mutex
	failing   map[string]bool // by signal
	mentioned bool            // that something fails
	said      map[string]time.Time
	told      map[string]int64 // what was lost and is said, by signal
}

func newReporter() *reporter {
	return &reporter{failing: map[string]bool{}, said: map[string]time.Time{}, told: map[string]int64{}}
}

const (
	away  = "telemetry is not being delivered; the service goes on and tries again"
	again = "telemetry is being delivered again"
	full  = "some telemetry was lost: more came than could be exported"
)

// exported takes note of an export of a signal. It is called where exports are made, so that nobody else waits for
// the log. Such a line becomes a log record itself; there are too few of them to matter.
func (r *reporter) exported(signal string, err error) {
	if line, message := r.line(signal, err); line != nil {
		line.Msg(message)
	}
}

// line returns what is to be said, or nil.
func (r *reporter) line(signal string, err error) (*zerolog.Event, string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.failing[signal] = true
		if !r.due(away) {
			return nil, ""
		}
		r.mentioned = true
		counts, _ := r.lost()
		return r.log.Warn().Err(err).Fields(counts), away
	}
	delete(r.failing, signal)
	if len(r.failing) > 0 {
		return nil, ""
	}
	counts, all := r.lost()
	switch {
	case r.mentioned:
		r.mentioned = false
		r.tell()
		return r.log.Info().Fields(counts), again
	case all > 0 && r.due(full):
		r.tell()
		return r.log.Warn().Fields(counts), full
	default:
		return nil, ""
	}
}

// due is true at most every minute for the same message.
func (r *reporter) due(message string) bool {
	now := time.Now()
	if last, ever := r.said[message]; ever && now.Sub(last) < reportEvery {
		return false
	}
	r.said[message] = now
	return true
}

// lost is how much of each signal was lost since that was last told, and in all.
func (r *reporter) lost() (counts map[string]any, all int64) {
	counts = map[string]any{}
	for _, b := range r.backlogs {
		n := b.lost() - r.told[b.signal]
		counts[b.field] = n
		all += n
	}
	return counts, all
}

func (r *reporter) tell() {
	for _, b := range r.backlogs {
		r.told[b.signal] = b.lost()
	}
}

// Handle implements otel.ErrorHandler: it hears what the SDK and the instrumentations cannot return to anybody, which
// is a failed export of metrics (nothing is lost: they are sums, and the next one has it) or something else, such as
// a caller's baggage that cannot be read. The handler is global in OpenTelemetry: with several services in a process
// the last one speaks for all.
func (r *reporter) Handle(err error) {
	message := "OpenTelemetry reports a problem"
	isMetrics := strings.Contains(err.Error(), "upload metrics") || errors.Is(err, context.DeadlineExceeded)
	if isMetrics {
		message = "metrics are not being delivered; the service goes on and tries again"
	}
	r.mu.Lock()
	said := isMetrics && r.mentioned || !r.due(message)
	r.mu.Unlock()
	if !said {
		r.log.Warn().Err(err).Msg(message)
	}
}

// countDropped makes what is lost a metric. It is delivered when delivery works again.
func (r *reporter) countDropped(provider metric.MeterProvider) error {
	_, err := provider.Meter("traceria/telemetry").Int64ObservableCounter("traceria.telemetry.dropped",
		metric.WithUnit("{item}"),
		metric.WithDescription("Spans and log records that were given up: there was no room for them, or their export failed."),
		metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			for _, b := range r.backlogs {
				o.Observe(b.lost(), metric.WithAttributes(attribute.String("signal", b.signal)))
			}
			return nil
		}))
	return err
}
