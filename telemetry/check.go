package telemetry

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// choice is a variable whose value is one of a set of names.
type choice struct {
	values  []string
	list    bool // a comma-separated list without spaces, as the SDK parses it
	anyCase bool // the SDK ignores case in this variable
}

// choices are the values that this build supports
// (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/). The SDK replaces a wrong value by a
// default and at most logs it: the user then looks in vain for spans.
var choices = map[string]choice{
	"OTEL_TRACES_EXPORTER":  {values: []string{"otlp", "console", "none"}},
	"OTEL_METRICS_EXPORTER": {values: []string{"otlp", "prometheus", "console", "none"}},
	"OTEL_LOGS_EXPORTER":    {values: []string{"otlp", "console", "none"}},
	"OTEL_TRACES_SAMPLER": {anyCase: true, values: []string{
		"always_on", "always_off", "traceidratio",
		"parentbased_always_on", "parentbased_always_off", "parentbased_traceidratio",
	}},
	"OTEL_PROPAGATORS": {list: true, values: []string{
		"tracecontext", "baggage", "b3", "b3multi", "jaeger", "xray", "ottrace", "none",
	}},
	"OTEL_METRICS_EXEMPLAR_FILTER": {anyCase: true, values: []string{"always_on", "always_off", "trace_based"}},
	"OTEL_SDK_DISABLED":            {anyCase: true, values: []string{"true", "false"}},
}

func (c choice) check(value string) error {
	parts := []string{value}
	if c.list {
		parts = strings.Split(value, ",")
	}
	for _, one := range parts {
		if c.anyCase {
			one = strings.ToLower(one)
		}
		if !slices.Contains(c.values, one) {
			want := "one of " + strings.Join(c.values, ", ")
			if c.list {
				want = "a comma-separated list without spaces, of " + strings.Join(c.values, ", ")
			}
			return fmt.Errorf("want %s", want)
		}
	}
	return nil
}

// limits are the range of a whole number and its unit.
type limits struct {
	least, most int
	unit        string
}

var (
	// The SDK allocates a queue at once: an absurd size panics or exhausts the memory.
	size = limits{1, 1_000_000, ""}
	// 0 would mean no pause between exports, or an export without a timeout.
	milliseconds = limits{1, 3_600_000, " of milliseconds"}
	port         = limits{1, 65535, ""}
)

// numbers are the variables whose values are whole numbers.
var numbers = map[string]limits{
	"OTEL_BSP_SCHEDULE_DELAY": milliseconds, "OTEL_BSP_EXPORT_TIMEOUT": milliseconds,
	"OTEL_BSP_MAX_QUEUE_SIZE": size, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": size,
	"OTEL_BLRP_SCHEDULE_DELAY": milliseconds, "OTEL_BLRP_EXPORT_TIMEOUT": milliseconds,
	"OTEL_BLRP_MAX_QUEUE_SIZE": size, "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE": size,
	"OTEL_METRIC_EXPORT_INTERVAL": milliseconds, "OTEL_METRIC_EXPORT_TIMEOUT": milliseconds,
	"OTEL_ATTRIBUTE_COUNT_LIMIT": size, "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT": size,
	"OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": size, "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT": size,
	"OTEL_SPAN_EVENT_COUNT_LIMIT": size, "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT": size,
	"OTEL_SPAN_LINK_COUNT_LIMIT": size, "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT": size,
	"OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT": size, "OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT": size,
	"OTEL_EXPORTER_PROMETHEUS_PORT": port,
}

func (l limits) check(value string) error {
	if n, err := strconv.Atoi(value); err != nil || n < l.least || n > l.most {
		return fmt.Errorf("want a whole number%s from %d to %d", l.unit, l.least, l.most)
	}
	return nil
}

func checkRatio(value string) error {
	if ratio, err := strconv.ParseFloat(value, 64); err != nil || !(ratio >= 0 && ratio <= 1) { // also refuses NaN
		return errors.New("want a number from 0 to 1")
	}
	return nil
}

// CheckEnvironment checks the standard OTEL_* variables. Its error names each wrong variable and what is allowed. Unset and
// empty variables are valid. The error does not repeat values that may hold a secret: endpoints, headers, resource attributes.
func CheckEnvironment(lookup func(string) (string, bool)) error {
	var errs []error
	shown := func(name string, check func(string) error) {
		if value, _ := lookup(name); value != "" {
			if err := check(value); err != nil {
				errs = append(errs, fmt.Errorf("%s=%q: %w", name, value, err))
			}
		}
	}
	hidden := func(name string, check func(string) error) {
		if value, _ := lookup(name); value != "" {
			if err := check(value); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", name, err))
			}
		}
	}
	for name, c := range choices {
		shown(name, c.check)
	}
	for name, l := range numbers {
		shown(name, l.check)
	}
	shown("OTEL_TRACES_SAMPLER_ARG", checkRatio)
	hidden("OTEL_RESOURCE_ATTRIBUTES", checkResource)
	for _, signal := range []string{"", "TRACES_", "METRICS_", "LOGS_"} {
		checkOTLP("OTEL_EXPORTER_OTLP_"+signal, shown, hidden)
		if err := checkClientCertificate("OTEL_EXPORTER_OTLP_"+signal, lookup); err != nil {
			errs = append(errs, err)
		}
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(errs...)
}
