package telemetry_test

import (
	"strings"
	"testing"

	"traceria/telemetry"
)

func lookup(set map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) { value, ok := set[name]; return value, ok }
}

func TestAWrongOTelVariableIsNamedWithWhatIsAllowed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ value, want string }{
		"OTEL_TRACES_EXPORTER":        {"pigeon", "want one of otlp, console, none"},
		"OTEL_METRICS_EXPORTER":       {"pigeon", "prometheus"},
		"OTEL_LOGS_EXPORTER":          {"otlp,pigeon", "want one of otlp, console, none"},
		"OTEL_EXPORTER_OTLP_PROTOCOL": {"http/json", "want one of grpc, http/protobuf"},
		"OTEL_TRACES_SAMPLER":         {"sometimes", "parentbased_traceidratio"},
		"OTEL_TRACES_SAMPLER_ARG":     {"2", "want a number from 0 to 1"},
		"OTEL_PROPAGATORS":            {"tracecontext,smoke", "tracecontext"},
		"OTEL_SDK_DISABLED":           {"yes", "want one of true, false"},
		"OTEL_BSP_SCHEDULE_DELAY":     {"1s", "want a whole number"},
		"OTEL_BSP_MAX_QUEUE_SIZE":     {"-1", "want a whole number"},
		"OTEL_METRIC_EXPORT_INTERVAL": {"often", "want a whole number"},
	} {
		err := telemetry.CheckEnvironment(lookup(map[string]string{name: c.value}))
		if err == nil || !strings.HasPrefix(err.Error(), name+`="`+c.value+`": `) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s=%s: got %v, want %q", name, c.value, err, c.want)
		}
	}
}

func TestAllWrongOTelVariablesAreReportedInTheSameOrderEachTime(t *testing.T) {
	t.Parallel()
	set := map[string]string{"OTEL_TRACES_EXPORTER": "a", "OTEL_LOGS_EXPORTER": "b", "OTEL_BSP_SCHEDULE_DELAY": "c"}
	first := telemetry.CheckEnvironment(lookup(set)).Error()
	if n := strings.Count(first, "\n") + 1; n != 3 {
		t.Errorf("%d errors, want 3:\n%s", n, first)
	}
	for range 20 {
		if again := telemetry.CheckEnvironment(lookup(set)).Error(); again != first {
			t.Fatalf("got\n%s\nand then\n%s", first, again)
		}
	}
}

func TestRightAndUnsetOTelVariablesAreRight(t *testing.T) {
	t.Parallel()
	for _, set := range []map[string]string{
		nil,
		{"OTEL_TRACES_EXPORTER": "", "OTEL_BSP_SCHEDULE_DELAY": ""},
		{"OTEL_TRACES_EXPORTER": "otlp", "OTEL_LOGS_EXPORTER": "none", "OTEL_PROPAGATORS": "tracecontext, baggage", "OTEL_SDK_DISABLED": "TRUE"},
		{"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.25", "OTEL_BSP_SCHEDULE_DELAY": "100"},
	} {
		if err := telemetry.CheckEnvironment(lookup(set)); err != nil {
			t.Errorf("%v: %v", set, err)
		}
	}
}
