package journeys

import (
	"slices"
	"testing"
	"time"

	"traceria/telemetry/otlp"
	"traceria/telemetry/tracetree"
)

// In a trace of several conversations, a span without one belongs to its nearest ancestor's, else to the trace's own journey.
func TestATraceOfSeveralConversationsIsDivided(t *testing.T) {
	t.Parallel()
	s, c := timed(t, Options{})
	s.Add([]tracetree.Span{
		spanOf(0, 1, -1, 0, tracetree.KindServer, "POST /orders"),
		spanOf(0, 4, 2, 3, tracetree.KindInternal, "below a"), // before its parent
		spanOf(0, 2, 1, 1, tracetree.KindInternal, "order a", conversation("a")),
	}, SourceOTLP)
	c.pass(s, time.Minute) // compressed as one journey
	if row := only(t, s); row.ID != "a" || row.Spans != 3 {
		t.Fatalf("a trace of one conversation is whole: %+v", row)
	}
	s.Add([]tracetree.Span{
		spanOf(0, 6, 5, 6, tracetree.KindInternal, "below b, before its parent"),
		spanOf(0, 3, 1, 2, tracetree.KindInternal, "order b", conversation("b")),
	}, SourceOTLP)
	c.pass(s, time.Minute)
	s.Add([]tracetree.Span{spanOf(0, 5, 3, 5, tracetree.KindInternal, "below b")}, SourceOTLP)
	c.pass(s, time.Minute)
	for id, want := range map[string][]string{
		"a": {"order a", "below a"}, "b": {"order b", "below b", "below b, before its parent"}, traceNumber(0): {"POST /orders"},
	} {
		spans, _ := s.Spans(id)
		names := []string{}
		for _, span := range spans {
			names = append(names, span.Name)
		}
		if !slices.Equal(names, want) {
			t.Errorf("%s: %q instead of %q", id, names, want)
		}
	}
	if rows := s.Rows(Filter{}, Oldest, 0, 0); rows.Total != 3 {
		t.Errorf("%v", ids(rows.Rows))
	}
}

// A journey that was first known by its trace gets the id of its conversation. The trace still finds it.
func TestAJourneyGetsTheIDOfItsConversation(t *testing.T) {
	t.Parallel()
	s, c := timed(t, Options{})
	s.Add([]tracetree.Span{
		spanOf(1, 1, -1, 5, tracetree.KindConsumer, "handle", linkedTo(0, 2)),
		spanOf(2, 1, -1, 9, tracetree.KindConsumer, "handle", linkedTo(1, 1)),
	}, SourceOTLP)
	c.pass(s, time.Minute)
	if row := only(t, s); row.ID != traceNumber(1) || row.Spans != 2 {
		t.Fatalf("%+v", row)
	}
	version := s.Version()
	s.Add([]tracetree.Span{spanOf(0, 1, -1, 0, tracetree.KindServer, "POST")}, SourceOTLP)
	c.pass(s, time.Minute)
	if row := only(t, s); row.ID != traceNumber(0) || row.Spans != 3 || row.Root != "POST" {
		t.Fatalf("%+v", row)
	}
	s.Add([]tracetree.Span{spanOf(0, 2, 1, 2, tracetree.KindProducer, "send", conversation("order"))}, SourceOTLP)
	c.pass(s, time.Minute)
	if row := only(t, s); row.ID != "order" || row.Spans != 4 {
		t.Fatalf("%+v", row)
	}
	for _, id := range []string{traceNumber(0), traceNumber(1), traceNumber(2), "order"} {
		if row, ok := s.Find(id); !ok || row.ID != "order" {
			t.Errorf("%s finds %q", id, row.ID)
		}
	}
	changes := s.Changes(version, Filter{})
	if !slices.Equal(changes.Removed, []string{traceNumber(0), traceNumber(1)}) || !slices.Equal(ids(changes.Rows), []string{"order"}) || changes.Reset {
		t.Errorf("%+v", changes)
	}
}

// Links join what has no conversation. They never join two conversations.
func TestLinksDoNotJoinConversations(t *testing.T) {
	t.Parallel()
	s, _ := timed(t, Options{})
	s.Add([]tracetree.Span{
		spanOf(0, 1, -1, 0, tracetree.KindServer, "a", conversation("a"), linkedTo(1, 1)),
		spanOf(1, 1, -1, 1, tracetree.KindServer, "b", conversation("b"), linkedTo(0, 1)),
		spanOf(2, 1, -1, 2, tracetree.KindServer, "batch", linkedTo(1, 1), linkedTo(0, 1)),
		spanOf(3, 1, -1, 3, tracetree.KindServer, "alone", linkedTo(9, 1)),
	}, SourceOTLP)
	s.Flush()
	rows := s.Rows(Filter{}, Oldest, 0, 0).Rows
	if !slices.Equal(ids(rows), []string{"a", "b", traceNumber(3)}) || rows[0].Spans != 2 {
		t.Errorf("%+v", rows)
	}
}

// Logs are kept with their trace. Those that come first wait for it.
func TestLogsComeWithTheirJourney(t *testing.T) {
	t.Parallel()
	s, c := timed(t, Options{})
	log := func(trace int, body string, at int) otlp.Log {
		return otlp.Log{TraceID: traceNumber(trace), SpanID: spanNumber(1), Body: body, At: epoch.Add(time.Duration(at) * time.Millisecond), Service: "shop", Attributes: map[string]any{"n": int64(1)}}
	}
	s.AddLogs([]otlp.Log{log(0, "second", 2), {Body: "of no trace"}})
	if logs := s.Logs(traceNumber(0)); len(logs) != 0 {
		t.Errorf("%v", logs)
	}
	s.Add([]tracetree.Span{spanOf(0, 1, -1, 0, tracetree.KindServer, "POST", conversation("c"))}, SourceOTLP)
	s.Flush()
	s.AddLogs([]otlp.Log{log(0, "first", 1)})
	for _, when := range []string{"open", "compressed"} {
		logs := s.Logs("c")
		if len(logs) != 2 || logs[0].Body != "first" || logs[1].Body != "second" || logs[1].Attributes["n"] != int64(1) {
			t.Errorf("%s: %+v", when, logs)
		}
		c.pass(s, time.Minute)
	}
	s.Add([]tracetree.Span{spanOf(0, 2, 1, 1, tracetree.KindServer, "other", conversation("d"))}, SourceOTLP)
	c.pass(s, time.Minute)
	if logs := s.Logs("c"); len(logs) != 2 {
		t.Errorf("after a division: %+v", logs)
	}
}
