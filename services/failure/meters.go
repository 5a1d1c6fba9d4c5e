package failure

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
)

// VariantKey is the variant of a failure or experiment that is set, in the metrics.
const VariantKey = attribute.Key("traceria.failure.variant")

// meters measure what is set and what is injected. Neither shows a setting whose marks are withheld.
type meters struct {
	count metric.Int64Counter
	// known has every setting that was ever active: a gauge that only stopped would look as if it still were.
	known  map[setting]bool
	read   int64 // the number of changes of the flags when the settings were read
	failed bool  // a file could not be read, or a server did not answer: the settings are read again
}

// setting is a key with its variant.
type setting struct {
	key     Key
	variant string
}

// startMeters creates the instruments of s. It is called once, before the switches are used.
func (s *Switches) startMeters() {
	provider := s.options.Meters
	if provider == nil {
		provider = noop.NewMeterProvider()
	}
	meter := provider.Meter("traceria/services/failure")
	// The SDK reports an error itself and returns an instrument that does nothing.
	count, _ := meter.Int64Counter("traceria.failure.injected", metric.WithUnit("{injection}"),
		metric.WithDescription("Failures that were injected into a request, a message or its handling."))
	s.meters = meters{count: count, known: map[setting]bool{}, read: -1}
	_, _ = meter.Int64ObservableGauge("traceria.failure.active", metric.WithUnit("{setting}"),
		metric.WithDescription("1 while a failure or an experiment is set, for everyone, a share or a customer; 0 after that."),
		metric.WithInt64Callback(s.observe))
}

// injected counts an injection. It does nothing for nil.
func (s *Switches) injected(ctx context.Context, key Key) {
	if s != nil {
		s.meters.count.Add(ctx, 1, metric.WithAttributes(FailureKey.String(string(key))))
	}
}

// observe reports the settings. The SDK calls it for one collection at a time.
func (s *Switches) observe(ctx context.Context, o metric.Int64Observer) error {
	m := &s.meters
	if now := s.Changes(); now != m.read || m.failed {
		active, err := s.active(ctx)
		m.failed = err != nil || (s.server != nil && !s.server.asked())
		if err == nil { // else the last valid state applies
			m.read = now
			for one := range m.known {
				m.known[one] = false
			}
			for _, one := range active {
				m.known[one] = true
			}
		}
	}
	for one, is := range m.known {
		value := int64(0)
		if is {
			value = 1
		}
		o.Observe(value, metric.WithAttributes(FailureKey.String(string(one.key)), VariantKey.String(one.variant)))
	}
	return nil
}

// active returns the settings that are not the default. A flagd server cannot list them, so it is asked for each key without
// an order: it shows what is set for everyone.
func (s *Switches) active(ctx context.Context) ([]setting, error) {
	var all []setting
	if s.server != nil {
		for _, entry := range catalogue {
			if variant := s.variant(ctx, entry); variant != entry.Default() && !s.Unmarked(entry.Key) {
				all = append(all, setting{entry.Key, variant})
			}
		}
		return all, nil
	}
	statuses, err := s.options.File.List()
	for _, status := range statuses {
		if status.Active != nil && !status.Active.Unmarked {
			all = append(all, setting{status.Key, status.Active.Variant})
		}
	}
	return all, err
}
