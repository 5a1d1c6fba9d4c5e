package system

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"traceria/services/system/systemtest"
)

// street is personal data that the Collector must remove from every attribute.
const street = "Gumdrop Lane 7"

// putStreet adds attributes that must be removed, and kept, which must remain.
func putStreet(attributes pcommon.Map, kept string) {
	for _, key := range []string{
		"traceria.delivery.street", "street", "delivery.addressLine1", "order.address_line2", "AddressLine",
		"deliveryStreet", "delivery_street", "STREET", "ADDRESS_LINE_2", "enduser.id", "enduser.role", "enduser.scope",
		"user.email", "user.full_name", "user.id", "user.name", "client.address", "user_agent.original",
	} {
		attributes.PutStr(key, street)
	}
	attributes.PutStr("traceria.conversation", kept)
}

// observed is a Collector and a Jaeger of one test.
type observed struct {
	otlp, query, jaegerOTLP string
	metrics                 systemtest.Metrics
	collector               *systemtest.Process
	system                  *systemtest.System
}

// startCollector starts the real Collector with collector.yaml. startJaeger starts its Jaeger.
func startCollector(t *testing.T) *observed {
	t.Helper()
	return startCollectorWith(t, "http://"+systemtest.FreeAddress(t))
}

// startCollectorWith starts a Collector that sends to the console at an address.
func startCollectorWith(t *testing.T, console string) *observed {
	t.Helper()
	o := &observed{
		otlp: systemtest.FreeAddress(t), metrics: systemtest.FreeMetrics(t), query: systemtest.FreeAddress(t), jaegerOTLP: systemtest.FreeAddress(t),
		system: &systemtest.System{Addresses: map[string]string{}},
	}
	t.Cleanup(func() {
		if err := o.system.Stop(); err != nil {
			t.Error(err)
		}
	})
	o.collector = o.system.Launch(t, "collector", append(o.metrics.ForCollector(),
		"COLLECTOR_OTLP_GRPC="+systemtest.FreeAddress(t), "COLLECTOR_OTLP_HTTP="+o.otlp,
		"JAEGER_OTLP_ENDPOINT=http://"+o.jaegerOTLP, "CONSOLE_OTLP_ENDPOINT="+console, "COLLECTOR_LOG_VERBOSITY=detailed",
	), systemtest.JaegerBinary(t), "--config", systemtest.InRepository(t, "collector/collector.yaml"))
	return o
}

func (o *observed) startJaeger(t *testing.T) {
	t.Helper()
	o.system.Launch(t, "jaeger", append(o.metrics.ForJaeger(),
		"JAEGER_OTLP_GRPC="+systemtest.FreeAddress(t), "JAEGER_OTLP_HTTP="+o.jaegerOTLP,
		"JAEGER_QUERY_HTTP="+o.query, "JAEGER_QUERY_GRPC="+systemtest.FreeAddress(t),
	), systemtest.JaegerBinary(t), "--config", systemtest.InRepository(t, "collector/jaeger.yaml"))
}

// The test sends personal data as traces, metrics and logs and searches for it behind the Collector.
func TestCollectorRemovesPersonalData(t *testing.T) {
	t.Parallel()
	o := startCollector(t)
	o.startJaeger(t)
	id, traces := deliverySpan("kept-span")
	o.send(t, "traces", must(ptraceotlp.NewExportRequestFromTraces(traces).MarshalProto()))
	o.send(t, "metrics", must(pmetricotlp.NewExportRequestFromMetrics(deliveryMetric("kept-metric")).MarshalProto()))
	o.send(t, "logs", must(plogotlp.NewExportRequestFromLogs(deliveryLog("kept-log")).MarshalProto()))

	for what, arrived := range map[string]string{
		"Jaeger":  o.await(t, "http://"+o.query+"/api/v3/traces/"+id, "kept-span"),
		"metrics": o.await(t, "http://"+o.metrics.Services+"/metrics", "kept-metric"),
		"logs":    awaitText(t, "kept-log", o.collector.Out.String),
	} {
		if strings.Contains(arrived, street) {
			t.Errorf("%s: the street is visible:\n%s", what, arrived)
		}
	}
	// The plain event arrived, so the Collector filtered the other one and did not lose it.
	if found := o.await(t, "http://"+o.query+"/api/v3/traces/"+id, "kept-span"); !strings.Contains(found, "plain event") {
		t.Errorf("the event without personal data is missing:\n%s", found)
	}
}

// Spans wait in the Collector until Jaeger runs. The first make up may build Jaeger for minutes.
func TestSpansWaitForJaeger(t *testing.T) {
	t.Parallel()
	o := startCollector(t)
	id, traces := deliverySpan("kept-while-away")
	o.send(t, "traces", must(ptraceotlp.NewExportRequestFromTraces(traces).MarshalProto()))
	awaitText(t, "Exporting failed", o.collector.Out.String)
	o.startJaeger(t)
	o.await(t, "http://"+o.query+"/api/v3/traces/"+id, "kept-while-away")
}

// The real program validates the files.
func TestCollectorFilesAreValid(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"collector.yaml", "jaeger.yaml"} {
		cmd := exec.CommandContext(t.Context(), systemtest.JaegerBinary(t), "validate", "--config", systemtest.InRepository(t, "collector/"+file))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", file, err, out)
		}
	}
}

func deliverySpan(kept string) (string, ptrace.Traces) {
	traces := ptrace.NewTraces()
	resource := traces.ResourceSpans().AppendEmpty()
	resource.Resource().Attributes().PutStr("service.name", "delivery")
	span := resource.ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	var id pcommon.TraceID
	var spanID pcommon.SpanID
	_, _ = rand.Read(id[:]) // never fails
	_, _ = rand.Read(spanID[:])
	span.SetTraceID(id)
	span.SetSpanID(spanID)
	span.SetName("process events:kitchen.order-boxed.v1:delivery.order-boxed")
	now := time.Now()
	span.SetStartTimestamp(pcommon.NewTimestampFromTime(now.Add(-time.Second)))
	span.SetEndTimestamp(pcommon.NewTimestampFromTime(now))
	putStreet(span.Attributes(), kept)
	span.Events().AppendEmpty().SetName("plain event")
	event := span.Events().AppendEmpty()
	event.SetName("on the way")
	event.Attributes().PutStr("traceria.delivery.street", street)
	return id.String(), traces
}

func deliveryMetric(kept string) pmetric.Metrics {
	metrics := pmetric.NewMetrics()
	metric := metrics.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	metric.SetName("traceria.test.deliveries")
	point := metric.SetEmptyGauge().DataPoints().AppendEmpty()
	point.SetTimestamp(pcommon.NewTimestampFromTime(time.Now()))
	point.SetIntValue(1)
	putStreet(point.Attributes(), kept)
	return metrics
}

func deliveryLog(kept string) plog.Logs {
	logs := plog.NewLogs()
	record := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	record.SetTimestamp(pcommon.NewTimestampFromTime(time.Now()))
	record.Body().SetStr("delivered")
	putStreet(record.Attributes(), kept)
	return logs
}

func must(content []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return content
}

// send posts OTLP to the Collector until it answers 200.
func (o *observed) send(t *testing.T, signal string, content []byte) {
	t.Helper()
	awaitText(t, "200", func() string {
		code, body := call(t.Context(), http.MethodPost, "http://"+o.otlp+"/v1/"+signal, content)
		return code + body
	})
}

func (o *observed) await(t *testing.T, address, text string) string {
	t.Helper()
	return awaitText(t, text, func() string {
		_, body := call(t.Context(), http.MethodGet, address, nil)
		return body
	})
}

// awaitText calls look until its result contains text, and returns the result.
func awaitText(t *testing.T, text string, look func() string) string {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		found := look()
		if strings.Contains(found, text) {
			return found
		}
		if time.Now().After(deadline) {
			t.Fatalf("no %q within 30 s in:\n%s", text, found)
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		}
	}
}

// call sends a request. It returns the status and the body, or the error as the body.
func call(ctx context.Context, method, address string, content []byte) (status, body string) {
	request, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(content))
	if err != nil {
		return "", err.Error()
	}
	request.Header.Set("Content-Type", "application/x-protobuf")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err.Error()
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return "", err.Error()
	}
	return response.Status, string(answer)
}
