package bench

import (
	"math/rand/v2"
	"slices"
	"testing"

	"traceria/services/failure"
	"traceria/telemetry/tracetree"
)

// The variants of the section tracing.
const (
	variantOff        = "off"
	variantUnsampled  = "unsampled"
	variantSampled    = "sampled"
	variantStatements = "statements"
)

var allVariants = []string{variantOff, variantUnsampled, variantSampled, variantStatements}

// setupOf returns the environment of a variant. The off variant has no spans, no metrics and no log records over OTLP. The
// unsampled one has metrics and log records.
func setupOf(variant string) setup {
	s := setup{name: variant}
	switch variant {
	case variantOff:
		s.env = []string{"OTEL_SDK_DISABLED=true"}
	case variantUnsampled:
		s.env = []string{"OTEL_TRACES_SAMPLER=always_off"}
	case variantStatements:
		s.switches = map[failure.Key]string{failure.TraceDatabase: "statements"}
	}
	return s
}

// Variant is the result of one setting of tracing. The ratios are medians of the ratios to the first variant within a round.
type Variant struct {
	Name      string  `json:"name"`
	Delivered float64 `json:"deliveredPerSecond"`
	CPU       float64 `json:"cpuMsPerOrder"`
	// Services is the part of the five services in CPU.
	Services        float64 `json:"cpuMsPerOrderOfServices"`
	ThroughputRatio float64 `json:"throughputOfFirst"`
	Low             float64 `json:"throughputLowerQuartile"`
	High            float64 `json:"throughputUpperQuartile"`
	CPURatio        float64 `json:"cpuOfFirst"`
	// By is CPU by process.
	By     map[string]float64 `json:"cpuMsPerOrderByProcess"`
	Trials []Trial            `json:"trials"`
}

// measureTracing delivers bursts with each variant in turn, in random order. The services start anew for each, in the same world.
func measureTracing(t *testing.T, b *bench) {
	b.free(t)
	trials := map[string][]Trial{}
	for round := range b.size.rounds {
		for _, i := range rand.Perm(len(b.size.variants)) {
			variant := b.size.variants[i]
			t.Run(variant, func(t *testing.T) {
				a := b.size.burst(b.size.burstTime)
				if variant == variantOff || variant == variantUnsampled {
					a.traces = 0
				}
				setup := setupOf(variant)
				counter := newCounter(t, b.endpoint(t))
				if variant == variantOff {
					setup.env = append(setup.env, counter.env()...)
				}
				trial := b.open(t, setup).measure(t, a)
				trials[variant] = append(trials[variant], trial)
				b.checkVariant(t, variant, trial, counter)
				b.report.Tracing = b.compare(trials)
				t.Logf("round %d of %d, %s: %.1f orders/s, %.2f ms of CPU an order", round+1, b.size.rounds, variant, trial.Delivered, trial.Sum)
			})
		}
	}
}

// checkVariant fails if the variant was not what it is called.
func (b *bench) checkVariant(t *testing.T, variant string, trial Trial, counter *counter) {
	t.Helper()
	if sent := counter.seen(); len(sent) > 0 {
		t.Errorf("%s: the services have sent telemetry: %v", variant, sent)
	}
	if n := trial.Load.Traces; variant != variantOff && variant != variantUnsampled && n.Checked == 0 {
		t.Errorf("%s: no trace was read: %s", variant, n.Error)
	}
}

func (b *bench) compare(trials map[string][]Trial) (all []Variant) {
	first := trials[b.size.variants[0]]
	for _, name := range b.size.variants {
		of := trials[name]
		v := Variant{Name: name, Trials: of}
		v.Delivered = median(of, func(i int) float64 { return of[i].Delivered })
		v.CPU = median(of, func(i int) float64 { return of[i].Sum })
		v.Services = median(of, func(i int) float64 { return of[i].services() })
		v.By = byProcess(of)
		both := of[:min(len(of), len(first))]
		rates := ratios(both, func(i int) float64 { return of[i].Delivered / first[i].Delivered })
		v.ThroughputRatio, v.Low, v.High = quantile(rates, 0.5), quantile(rates, 0.25), quantile(rates, 0.75)
		v.CPURatio = quantile(ratios(both, func(i int) float64 { return of[i].Sum / first[i].Sum }), 0.5)
		all = append(all, v)
	}
	return all
}

// byProcess returns the medians of the CPU of an order.
func byProcess(of []Trial) map[string]float64 {
	by := map[string]float64{}
	for _, trial := range of {
		for name := range trial.CPU {
			by[name] = median(of, func(i int) float64 { return of[i].CPU[name] })
		}
	}
	return by
}

func delivered(r Trial) float64 { return r.Delivered }
func cpu(r Trial) float64       { return r.Sum }

// ratio is the median of the ratios of a value to that of another variant within a round.
func (v Variant) ratio(other Variant, value func(Trial) float64) float64 {
	rounds := v.Trials[:min(len(v.Trials), len(other.Trials))]
	return median(rounds, func(i int) float64 { return value(v.Trials[i]) / value(other.Trials[i]) })
}

// services is the CPU of the five services for an order.
func (r Trial) services() (sum float64) {
	for name, each := range r.CPU {
		if !slices.Contains([]string{"rabbitmq", "collector", "jaeger", "postgresql", harness}, name) {
			sum += each
		}
	}
	return sum
}

func ratios[T any](of []T, ratio func(i int) float64) (all []float64) {
	for i := range of {
		all = append(all, ratio(i))
	}
	return all
}

func median[T any](of []T, value func(i int) float64) float64 {
	return quantile(ratios(of, value), 0.5)
}

func quantile(values []float64, q float64) float64 {
	return tracetree.Quantile(slices.Sorted(slices.Values(values)), q)
}
