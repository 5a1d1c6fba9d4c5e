package telemetry_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"traceria/telemetry"
)

func TestALogLineFindsItsSpan(t *testing.T) {
	t.Parallel()
	tel, _, log := start(t, "kitchen")
	ctx, span := tel.TracerProvider.Tracer("test").Start(t.Context(), "cook")
	tel.Log.Info().Ctx(telemetry.WithConversation(ctx, "o-1")).Int("pieces", 3).Msg("ticket opened")
	span.End()
	got := log.line(t)
	if _, ok := got["time"].(string); !ok {
		t.Errorf("the line has no time: %v", got)
	}
	delete(got, "time")
	want := map[string]any{
		"level": "info", "service": "kitchen", "message": "ticket opened", "pieces": 3.0, "conversation": "o-1",
		"trace_id": span.SpanContext().TraceID().String(), "span_id": span.SpanContext().SpanID().String(),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestALineOutsideASpanHasNoIDs(t *testing.T) {
	t.Parallel()
	tel, _, log := start(t, "kitchen")
	tel.Log.Info().Msg("listening")
	if got := log.line(t); got["trace_id"] != nil || got["span_id"] != nil || got["conversation"] != nil || got["service"] != "kitchen" {
		t.Errorf("got %v", got)
	}
}

func TestLinesBelowTheLevelAreNotWritten(t *testing.T) {
	t.Parallel()
	log := &lockedBuffer{}
	tel, err := telemetry.Start(t.Context(), telemetry.Config{
		Service: "kitchen", Memory: &telemetry.Memory{}, LogOutput: log, LogLevel: zerolog.WarnLevel,
	})
	if err != nil {
		t.Fatal(err)
	}
	tel.Log.Info().Msg("quiet")
	tel.Log.Warn().Msg("loud")
	if text := log.String(); strings.Contains(text, "quiet") || !strings.Contains(text, "loud") {
		t.Errorf("the log is %s", text)
	}
}
