package telemetry_test

import (
	"strings"
	"testing"

	"traceria/telemetry"
)

func lookup(set map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) { value, ok := set[name]; return value, ok }
}

// wrongValues are values that the SDK ignores, or that make it panic or exhaust the memory.
var wrongValues = []struct{ name, value, want string }{
	{"OTEL_TRACES_EXPORTER", "pigeon", "want one of otlp, console, none"},
	{"OTEL_TRACES_EXPORTER", "otlp,none", "want one of otlp, console, none"},
	{"OTEL_TRACES_EXPORTER", "OTLP", "want one of otlp, console, none"},
	{"OTEL_METRICS_EXPORTER", "pigeon", "prometheus"},
	{"OTEL_LOGS_EXPORTER", "otlp,pigeon", "want one of otlp, console, none"},
	{"OTEL_EXPORTER_OTLP_PROTOCOL", "http/json", "want one of grpc, http/protobuf"},
	{"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "grpc,http/protobuf", "want one of grpc, http/protobuf"},
	{"OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "carrier", "want one of grpc, http/protobuf"},
	{"OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", "carrier", "want one of grpc, http/protobuf"},
	{"OTEL_EXPORTER_OTLP_COMPRESSION", "zip", "want one of gzip, none"},
	{"OTEL_EXPORTER_OTLP_LOGS_COMPRESSION", "gzip,none", "want one of gzip, none"},
	{"OTEL_EXPORTER_OTLP_TRACES_INSECURE", "maybe", "want one of true, false"},
	{"OTEL_TRACES_SAMPLER", "sometimes", "parentbased_traceidratio"},
	{"OTEL_TRACES_SAMPLER", "always_on,always_off", "want one of always_on, always_off"},
	{"OTEL_TRACES_SAMPLER_ARG", "2", "want a number from 0 to 1"},
	{"OTEL_TRACES_SAMPLER_ARG", "-0.1", "want a number from 0 to 1"},
	{"OTEL_TRACES_SAMPLER_ARG", "NaN", "want a number from 0 to 1"},
	{"OTEL_PROPAGATORS", "tracecontext,smoke", "want a comma-separated list without spaces, of tracecontext"},
	{"OTEL_PROPAGATORS", "tracecontext, baggage", "without spaces"},
	{"OTEL_SDK_DISABLED", "yes", "want one of true, false"},
	{"OTEL_SDK_DISABLED", "true,false", "want one of true, false"},
	{"OTEL_BSP_SCHEDULE_DELAY", "1s", "want a whole number of milliseconds from 1 to 3600000"},
	{"OTEL_BSP_SCHEDULE_DELAY", "0", "want a whole number of milliseconds"},
	{"OTEL_BSP_EXPORT_TIMEOUT", "3600001", "want a whole number of milliseconds"},
	{"OTEL_BSP_MAX_QUEUE_SIZE", "-1", "want a whole number from 1 to 1000000"},
	{"OTEL_BSP_MAX_QUEUE_SIZE", "99999999999999", "want a whole number from 1 to 1000000"},
	{"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "0", "want a whole number from 1"},
	{"OTEL_BLRP_MAX_QUEUE_SIZE", "9223372036854775807", "want a whole number from 1 to 1000000"},
	{"OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", "1000001", "want a whole number from 1 to 1000000"},
	{"OTEL_METRIC_EXPORT_INTERVAL", "often", "want a whole number of milliseconds"},
	{"OTEL_METRIC_EXPORT_TIMEOUT", "9223372036854775807", "want a whole number of milliseconds"},
	{"OTEL_EXPORTER_OTLP_TIMEOUT", "10s", "want a whole number of milliseconds"},
	{"OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "99999999", "want a whole number of milliseconds"},
	{"OTEL_EXPORTER_PROMETHEUS_PORT", "65536", "want a whole number from 1 to 65535"},
	{"OTEL_EXPORTER_OTLP_CERTIFICATE", "/no/such/file", "want a file with certificates: no such file"},
	{"OTEL_EXPORTER_OTLP_LOGS_CERTIFICATE", "/dev/null", "there is none in it"},
}

func TestAWrongOTelVariableIsNamedWithWhatIsAllowed(t *testing.T) {
	t.Parallel()
	for _, c := range wrongValues {
		err := telemetry.CheckEnvironment(lookup(map[string]string{c.name: c.value}))
		if err == nil || !strings.HasPrefix(err.Error(), c.name+`="`+c.value+`": `) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s=%s: got %v, want %q", c.name, c.value, err, c.want)
		}
	}
}

func TestWhatMayBeSecretIsNamedAndNotRepeated(t *testing.T) {
	t.Parallel()
	for name, values := range map[string][]string{
		"ENDPOINT": {
			"ftp://u:SECRET@host", "u:SECRET@host:4318", "http://u:SECRET@host:99999", "http://u:SECRET%zz@host", "http://ho st/SECRET",
			"u/SECRET@h", "http:///SECRET", "http://:4318/SECRET", "localhost:4318?SECRET", "http://host:0/SECRET",
		},
		"HEADERS": {"SECRET", "api-key=%zzSECRET", "=SECRET", "api key=SECRET", "a=b,SECRET", "a=b,", "api-key=SECRET%0Ax", "a:SECRET"},
	} {
		for _, signal := range []string{"", "TRACES_", "METRICS_", "LOGS_"} {
			variable := "OTEL_EXPORTER_OTLP_" + signal + name
			for _, value := range values {
				err := telemetry.CheckEnvironment(lookup(map[string]string{variable: value}))
				if err == nil || !strings.HasPrefix(err.Error(), variable+": ") || !strings.Contains(err.Error(), "want ") {
					t.Errorf("%s=%s: got %v", variable, value, err)
				} else if strings.Contains(err.Error(), "SECRET") {
					t.Errorf("%s=%s: the secret is shown: %v", variable, value, err)
				}
			}
		}
	}
	for _, value := range []string{"SECRET", "=SECRET", "a=b,SECRET", "a=%zzSECRET", "a=b,"} {
		err := telemetry.CheckEnvironment(lookup(map[string]string{"OTEL_RESOURCE_ATTRIBUTES": value}))
		if err == nil || !strings.HasPrefix(err.Error(), "OTEL_RESOURCE_ATTRIBUTES: ") || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s: got %v", value, err)
		}
	}
}

func TestAClientCertificateNeedsItsKey(t *testing.T) {
	t.Parallel()
	const certificate, key = "OTEL_EXPORTER_OTLP_LOGS_CLIENT_CERTIFICATE", "OTEL_EXPORTER_OTLP_LOGS_CLIENT_KEY"
	for want, set := range map[string]map[string]string{
		"want both or none": {certificate: "/dev/null"},
		"want both":         {key: "/dev/null"},
		"no such file":      {certificate: "/no/such/file", key: "/dev/null"},
		"in PEM form":       {certificate: "/dev/null", key: "/dev/null"},
	} {
		err := telemetry.CheckEnvironment(lookup(set))
		if err == nil || !strings.HasPrefix(err.Error(), certificate+" and "+key+": ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: got %v, want %s", set, err, want)
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
		{"OTEL_TRACES_EXPORTER": "otlp", "OTEL_LOGS_EXPORTER": "none", "OTEL_PROPAGATORS": "tracecontext,baggage", "OTEL_SDK_DISABLED": "TRUE"},
		{"OTEL_BSP_MAX_QUEUE_SIZE": "1000000", "OTEL_BLRP_MAX_QUEUE_SIZE": "1", "OTEL_METRIC_EXPORT_INTERVAL": "3600000"},
		{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://[::1]/v1/traces?x=y"},
		{"OTEL_EXPORTER_OTLP_HEADERS": "api-key=a%20b==, x-team=pizza", "OTEL_RESOURCE_ATTRIBUTES": "team=pizza, a.b=c%2Cd,empty="},
		{"OTEL_EXPORTER_OTLP_COMPRESSION": "gzip", "OTEL_EXPORTER_OTLP_INSECURE": "True", "OTEL_EXPORTER_OTLP_LOGS_TIMEOUT": "500"},
		{"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.25", "OTEL_BSP_SCHEDULE_DELAY": "100"},
	} {
		if err := telemetry.CheckEnvironment(lookup(set)); err != nil {
			t.Errorf("%v: %v", set, err)
		}
	}
}
