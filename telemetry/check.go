package telemetry

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// allowed are the values that this build knows of those OTEL_* variables that choose something by its name
// (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/). The SDK logs a wrong
// one at most and goes on with something else, so that a user wonders where the spans are.
var allowed = map[string][]string{
	"OTEL_TRACES_EXPORTER":                {"otlp", "console", "none"},
	"OTEL_METRICS_EXPORTER":               {"otlp", "prometheus", "console", "none"},
	"OTEL_LOGS_EXPORTER":                  {"otlp", "console", "none"},
	"OTEL_EXPORTER_OTLP_PROTOCOL":         {"grpc", "http/protobuf"},
	"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL":  {"grpc", "http/protobuf"},
	"OTEL_EXPORTER_OTLP_METRICS_PROTOCOL": {"grpc", "http/protobuf"},
	"OTEL_EXPORTER_OTLP_LOGS_PROTOCOL":    {"grpc", "http/protobuf"},
	"OTEL_TRACES_SAMPLER": {
		"always_on", "always_off", "traceidratio",
		"parentbased_always_on", "parentbased_always_off", "parentbased_traceidratio",
	},
	"OTEL_PROPAGATORS":  {"tracecontext", "baggage", "b3", "b3multi", "jaeger", "xray", "ottrace", "none"},
	"OTEL_SDK_DISABLED": {"true", "false"},
}

// numbers are the OTEL_* variables that are whole numbers, in milliseconds where they are times.
var numbers = []string{
	"OTEL_BSP_SCHEDULE_DELAY", "OTEL_BSP_EXPORT_TIMEOUT", "OTEL_BSP_MAX_QUEUE_SIZE", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
	"OTEL_BLRP_SCHEDULE_DELAY", "OTEL_BLRP_EXPORT_TIMEOUT", "OTEL_BLRP_MAX_QUEUE_SIZE", "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE",
	"OTEL_METRIC_EXPORT_INTERVAL", "OTEL_METRIC_EXPORT_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT",
}

// CheckEnvironment says of every standard OTEL_* variable that is wrong what is wrong with it and what is
// allowed. Unset and empty variables are right.
func CheckEnvironment(lookup func(string) (string, bool)) error {
	var errs []error
	wrong := func(name, value, want string) {
		errs = append(errs, fmt.Errorf("%s=%q: want %s", name, value, want))
	}
	for name, values := range allowed {
		value, _ := lookup(name)
		for one := range strings.SplitSeq(value, ",") {
			one = strings.TrimSpace(strings.ToLower(one))
			if one != "" && !slices.Contains(values, one) {
				wrong(name, value, "one of "+strings.Join(values, ", "))
			}
		}
	}
	for _, name := range numbers {
		value, _ := lookup(name)
		if n, err := strconv.Atoi(value); value != "" && (err != nil || n < 0) {
			wrong(name, value, "a whole number, 0 or more")
		}
	}
	if value, _ := lookup("OTEL_TRACES_SAMPLER_ARG"); value != "" {
		if ratio, err := strconv.ParseFloat(value, 64); err != nil || ratio < 0 || ratio > 1 {
			wrong("OTEL_TRACES_SAMPLER_ARG", value, "a number from 0 to 1")
		}
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(errs...)
}
