package sampling

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"traceria/services/system/systemtest"
	"traceria/telemetry/tracetree"
)

// The files of each way to sample, from the first --config to the last.
var (
	byConversation = []string{"collector/collector.yaml", "collector/sampling.yaml"}
	byTrace        = append(byConversation[:2:2], "services/system/sampling/testdata/by-trace.yaml")
	firstTier      = append(byConversation[:2:2], "collector/tier1.yaml")
	secondTier     = []string{"collector/sampling.yaml", "collector/tier2.yaml"}
	// fan gives the same spans to every way.
	fan = []string{"services/system/sampling/testdata/fan.yaml"}
)

// mostTraces is how many traces each Jaeger keeps: more than a test makes.
const mostTraces = 20_000

// jaeger starts a Jaeger. It returns its query API and the variable of a Collector that sends to it.
func jaeger(t *testing.T, s *systemtest.System) (*tracetree.Jaeger, string) {
	t.Helper()
	query, otlp := systemtest.FreeAddress(t), systemtest.FreeAddress(t)
	s.Launch(t, "jaeger", append(systemtest.FreeMetrics(t).ForJaeger(),
		"JAEGER_OTLP_GRPC="+systemtest.FreeAddress(t), "JAEGER_OTLP_HTTP="+otlp,
		"JAEGER_QUERY_HTTP="+query, "JAEGER_QUERY_GRPC="+systemtest.FreeAddress(t), "JAEGER_MAX_TRACES="+fmt.Sprint(mostTraces),
	), systemtest.JaegerBinary(t), "--config", systemtest.InRepository(t, "collector/jaeger.yaml"))
	return tracetree.NewJaeger("http://"+query, nil), "JAEGER_OTLP_ENDPOINT=http://" + otlp
}

// collector is a Collector that runs, with the addresses of its receivers and of its own metrics.
type collector struct {
	process             *systemtest.Process
	grpc, http, metrics string
}

// ready is what a Collector writes when it receives.
const ready = "Everything is ready"

// start starts a Collector with these files, and waits until it receives. env may name other addresses. Nothing listens at the
// console's address.
func start(t *testing.T, s *systemtest.System, files []string, env ...string) collector {
	t.Helper()
	metrics := systemtest.FreeMetrics(t)
	c := collector{grpc: systemtest.FreeAddress(t), http: systemtest.FreeAddress(t), metrics: metrics.Collector}
	env = append(append(metrics.ForCollector(),
		"COLLECTOR_OTLP_GRPC="+c.grpc, "COLLECTOR_OTLP_HTTP="+c.http, "CONSOLE_OTLP_ENDPOINT=http://"+systemtest.FreeAddress(t)),
		env...)
	var args []string
	for _, file := range files {
		args = append(args, "--config", systemtest.InRepository(t, file))
	}
	c.process = s.Launch(t, "collector", env, systemtest.OtelcolBinary(t), args...)
	t.Cleanup(func() {
		if out := c.process.Out.String(); t.Failed() && !strings.Contains(out, ready) {
			t.Logf("the Collector with %v:\n%s", files, out)
		}
	})
	systemtest.Eventually(t, time.Minute, fmt.Sprintf("the Collector with %v is ready", files), func() bool {
		return strings.Contains(c.process.Out.String(), ready)
	})
	return c
}

// kept are the spans of a Jaeger by conversation. A trace belongs to the conversation that one of its spans names.
type kept map[string]map[string]tracetree.Span

// read returns everything that a Jaeger has of the services since a time.
func read(t *testing.T, from *tracetree.Jaeger, since time.Time) kept {
	t.Helper()
	services, err := from.Services(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	spans, err := from.Recent(t.Context(), services, mostTraces-1, since)
	if err != nil {
		t.Fatal(err)
	}
	named := map[tracetree.TraceID]string{}
	for _, span := range spans {
		if conversation := tracetree.Conversation(span); conversation != "" {
			named[span.TraceID] = conversation
		}
	}
	all := kept{}
	for _, span := range spans {
		conversation := named[span.TraceID]
		if all[conversation] == nil {
			all[conversation] = map[string]tracetree.Span{}
		}
		all[conversation][span.TraceID+span.SpanID] = span
	}
	return all
}
