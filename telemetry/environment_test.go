package telemetry_test

import (
	"strings"
	"testing"

	"traceria/telemetry"
)

// These tests set environment variables, so they cannot run in parallel.

func TestADisabledSDKRecordsNothing(t *testing.T) {
	t.Setenv("OTEL_SDK_DISABLED", "TRUE")
	tel, memory, log := start(t, "order")
	_, span := tel.TracerProvider.Tracer("test").Start(t.Context(), "span")
	if span.SpanContext().IsValid() || span.IsRecording() {
		t.Errorf("there is a span %v", span.SpanContext())
	}
	span.End()
	tel.Log.Info().Msg("still logging")
	if len(memory.Spans()) != 0 || !strings.Contains(log.String(), "still logging") {
		t.Errorf("%d spans, log %s", len(memory.Spans()), log)
	}
}

func TestAnExporterThatDoesNotExistEndsTheStartByName(t *testing.T) {
	for _, name := range []string{"OTEL_TRACES_EXPORTER", "OTEL_METRICS_EXPORTER", "OTEL_LOGS_EXPORTER"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("OTEL_TRACES_EXPORTER", "none")
			t.Setenv("OTEL_METRICS_EXPORTER", "none")
			t.Setenv("OTEL_LOGS_EXPORTER", "none")
			t.Setenv(name, "pigeon")
			tel, err := telemetry.Start(t.Context(), telemetry.Config{Service: "order", LogOutput: &lockedBuffer{}})
			if err == nil {
				_ = tel.Shutdown(t.Context())
				t.Fatal("it starts")
			}
			if !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "pigeon") {
				t.Errorf("got %v, want %s and pigeon in it", err, name)
			}
		})
	}
}

func TestOTelServiceNameWinsUnlessTheProcessIsShared(t *testing.T) {
	t.Setenv("OTEL_SERVICE_NAME", "mine")
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "team=pizza")
	for shared, want := range map[bool]string{false: "mine", true: "order"} {
		memory := &telemetry.Memory{}
		tel, err := telemetry.Start(t.Context(), telemetry.Config{Service: "order", Shared: shared, Memory: memory, LogOutput: &lockedBuffer{}})
		if err != nil {
			t.Fatal(err)
		}
		_, span := tel.TracerProvider.Tracer("test").Start(t.Context(), "span")
		span.End()
		if got := memory.Spans()[0].Service; got != want || tel.Service != want {
			t.Errorf("shared %t: the span's service is %q, the telemetry's %q; want %q", shared, got, tel.Service, want)
		}
	}
}

func TestUnreadableResourceAttributesEndTheStart(t *testing.T) {
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "no-value")
	_, err := telemetry.Start(t.Context(), telemetry.Config{Service: "order", Memory: &telemetry.Memory{}, LogOutput: &lockedBuffer{}})
	if err == nil || !strings.Contains(err.Error(), "OTEL_RESOURCE_ATTRIBUTES") {
		t.Errorf("got %v", err)
	}
}
