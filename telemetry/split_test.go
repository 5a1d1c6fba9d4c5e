package telemetry_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"traceria/telemetry"
)

// exporting starts telemetry that exports to a stand-in.
func exporting(t *testing.T) (*standIn, *telemetry.Telemetry) {
	t.Helper()
	s := newStandIn(t)
	s.listen(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://"+s.address)
	tel, err := telemetry.Start(t.Context(), telemetry.Config{Service: "order", LogOutput: &lockedBuffer{}})
	if err != nil {
		t.Fatal(err)
	}
	return s, tel
}

// A full batch of long texts is exported in parts, because a receiver refuses a batch above 4 MiB as a whole.
func TestABatchOfLongTextsCostsNoSpan(t *testing.T) {
	for name, char := range map[string]string{"one byte": "x", "four bytes": "\U0001F355", "not UTF-8": "\xff"} {
		t.Run(name, func(t *testing.T) {
			s, tel := exporting(t)
			server := tel.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
			text := strings.Repeat(char, 20000)
			for range 511 {
				r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
				r.URL.Path, r.URL.RawQuery, r.Host = "/"+text, text, text
				r.Header.Set("User-Agent", text)
				r.Header.Set("X-Forwarded-For", text)
				server.ServeHTTP(httptest.NewRecorder(), r)
			}
			work(t, tel, 1)
			if err := tel.Shutdown(context.Background()); err != nil {
				t.Error(err)
			}
			if len(s.spans) != 512 {
				t.Errorf("%d of 512 spans came", len(s.spans))
			}
		})
	}
}

// A batch of records is exported in parts as well.
func TestABatchOfLongTextsCostsNoRecord(t *testing.T) {
	t.Setenv("OTEL_BLRP_SCHEDULE_DELAY", "60000") // all records wait for one batch
	s, tel := exporting(t)
	text := strings.Repeat("\U0001F355", 1024)
	for range 500 {
		tel.Log.Error().Err(errors.New(text)).Str("path", text).Msg(text)
	}
	if err := tel.Shutdown(context.Background()); err != nil || s.records < 500 {
		t.Errorf("%d of 500 records came: %v", s.records, err)
	}
}

// Text inside lists and maps is made valid as well.
func TestTextInsideMapsAndListsIsMadeValid(t *testing.T) {
	s, tel := exporting(t)
	_, span := tel.TracerProvider.Tracer("test").Start(t.Context(), "deep", trace.WithAttributes(
		attribute.Map("map", attribute.String("\xff", "a"), attribute.Map("inner", attribute.String("b", "\xff"))),
		attribute.Slice("list", attribute.StringValue("\xff"), attribute.SliceValue(attribute.StringValue("\xc3")))))
	span.End()
	work(t, tel, 1)
	if err := tel.Shutdown(t.Context()); err != nil || len(s.spans) != 2 {
		t.Errorf("%d of 2 spans came: %v", len(s.spans), err)
	}
}

// OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION chooses another type of points.
func TestTextInExponentialHistogramsIsMadeValid(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION", "base2_exponential_bucket_histogram")
	s, tel := exporting(t)
	doors(t, tel)["metric"]("\xff")
	if err := tel.Shutdown(t.Context()); err != nil || len(s.metrics) == 0 {
		t.Errorf("%d metrics came: %v", len(s.metrics), err)
	}
}

// The limit of OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT is for values. Names and keys stay whole.
func TestTheLimitForValuesCutsNoKeys(t *testing.T) {
	for _, limit := range []string{"1", "8"} {
		t.Run(limit, func(t *testing.T) {
			t.Setenv("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", limit)
			s, tel := exporting(t)
			_, span := tel.TracerProvider.Tracer("test").Start(t.Context(), "process kitchen.order", trace.WithAttributes(
				attribute.String("messaging.destination.name", "kitchen.order"), attribute.String("messaging.system", "rabbitmq")))
			span.End()
			if err := tel.Shutdown(t.Context()); err != nil {
				t.Error(err)
			}
			if !s.names["process kitchen.order"] || !s.keys["messaging.destination.name"] || !s.keys["messaging.system"] {
				t.Errorf("names %v, keys %v", s.names, s.keys)
			}
		})
	}
}
