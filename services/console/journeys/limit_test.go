package journeys

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"traceria/telemetry/otlp"
	"traceria/telemetry/tracetree"
)

// audit adds up what the parts of the store say that they take, and compares it with the account.
func audit(t testing.TB, s *Store) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	sum := s.waiting.bytes
	parts := 0
	for _, tr := range s.traces {
		sum += traceCost + int64(len(tr.index))*memberCost
		for _, p := range tr.all() {
			parts++
			if raw := sizeOfAll(p.open); raw != p.openRaw {
				t.Errorf("part %q of %s: open spans take %d, not %d", p.conversation, tr.id, raw, p.openRaw)
			}
			if want := partCost + p.openRaw + p.logBytes + int64(len(p.ids))*hashCost + int64(len(p.links))*linkCost; p.bytes != want {
				t.Errorf("part %q of %s takes %d, not %d", p.conversation, tr.id, want, p.bytes)
			}
			sum += p.bytes
		}
		if tr.sole == nil && len(tr.parts) == 0 && len(tr.linkers) == 0 {
			t.Errorf("trace %s has nothing", tr.id)
		}
	}
	placed := len(s.unplaced)
	for _, j := range s.journeys {
		want := journeyCost + j.rowBytes
		for _, b := range j.blocks {
			want += b.size()
		}
		if j.bytes != want {
			t.Errorf("journey %s takes %d, not %d", j.key, want, j.bytes)
		}
		var raw int64
		spans := 0
		for p := range j.parts {
			raw += p.raw
			spans += len(p.ids)
		}
		if raw != j.raw || spans != j.spans {
			t.Errorf("journey %s has %d spans of %d bytes, not %d of %d", j.key, spans, raw, j.spans, j.raw)
		}
		sum += j.bytes
		placed += len(j.parts)
	}
	var open int64
	for _, tr := range s.traces {
		for _, p := range tr.all() {
			open += p.openRaw
		}
	}
	if open != s.openRaw {
		t.Errorf("open spans take %d, the account says %d", open, s.openRaw)
	}
	if sum != s.bytes {
		t.Errorf("all takes %d, the account says %d", sum, s.bytes)
	}
	if placed != parts {
		t.Errorf("%d parts, %d of them in a journey or on the way", parts, placed)
	}
	if s.arrival.Len() != len(s.journeys) {
		t.Errorf("%d journeys, %d by arrival", len(s.journeys), s.arrival.Len())
	}
	if s.bytes > s.options.Limit {
		t.Errorf("%d bytes are more than the limit of %d", s.bytes, s.options.Limit)
	}
}

// The limit holds at every moment. It takes whole journeys, those that are quiet for longest first.
func TestTheOldestJourneysAreDroppedWhole(t *testing.T) {
	t.Parallel()
	for _, linked := range []bool{false, true} {
		s, c := timed(t, Options{Limit: leastLimit})
		for n := range 200 {
			s.Add(newOrder(n, linked), SourceOTLP)
			c.add(100 * time.Millisecond)
			if n%7 == 0 {
				s.Flush()
			}
			if m := s.Memory(); m.Bytes > leastLimit {
				t.Fatalf("after %d orders: %d bytes", n, m.Bytes)
			}
		}
		c.pass(s, time.Minute)
		audit(t, s)
		rows := s.Rows(Filter{}, Oldest, 0, 0).Rows
		m := s.Memory()
		if m.DroppedJourneys == 0 || m.DroppedJourneys+m.Journeys != 200 || m.DroppedSpans+m.Spans != 200*35 || m.Journeys != len(rows) {
			t.Errorf("linked %t: %+v", linked, m)
		}
		for i, row := range rows {
			if n := 200 - len(rows) + i; row.Spans != 35 || row.Start.Before(epoch.Add(time.Duration(n)*20*time.Millisecond)) || row.State != Done {
				t.Errorf("linked %t: row %d is %+v", linked, i, row)
			}
		}
	}
}

// Whatever a sender does, memory and time are bounded.
func TestAHostileSenderDoesNoHarm(t *testing.T) {
	t.Parallel()
	big := make([]tracetree.Link, 0, 500)
	for n := range 500 {
		big = append(big, tracetree.Link{TraceID: traceNumber(n + 1000), SpanID: spanNumber(n)})
	}
	for name, next := range map[string]func(n int) tracetree.Span{
		"one trace of very many conversations": func(n int) tracetree.Span {
			return spanOf(0, n, n-1, n, tracetree.KindInternal, "x", conversation(fmt.Sprint("c", n)))
		},
		"one conversation of very many spans":  func(n int) tracetree.Span { return spanOf(0, n, 0, n, tracetree.KindInternal, "x", conversation("c")) },
		"one conversation of very many traces": func(n int) tracetree.Span { return spanOf(n, 1, -1, n, tracetree.KindInternal, "x", conversation("c")) },
		"a chain of parents in two conversations": func(n int) tracetree.Span {
			if n < 2 {
				return spanOf(0, 100_000+n, -1, n, tracetree.KindInternal, "x", conversation(fmt.Sprint("c", n)))
			}
			return spanOf(0, n, n+1, n, tracetree.KindInternal, "x")
		},
		"a ring of links": func(n int) tracetree.Span {
			return spanOf(n%5000, n, -1, n, tracetree.KindInternal, "x", linkedTo((n+1)%5000, n))
		},
		"a star of links": func(n int) tracetree.Span {
			return spanOf(n, 1, -1, n, tracetree.KindInternal, "x", linkedTo(1_000_000, 1))
		},
		"spans of 500 links": func(n int) tracetree.Span {
			s := spanOf(n%300, n, -1, n, tracetree.KindInternal, "x")
			s.Links = big
			return s
		},
		"a repeated span": func(int) tracetree.Span { return spanOf(0, 1, -1, 0, tracetree.KindInternal, "x") },
		"very many routes": func(n int) tracetree.Span {
			return process(n%500, n, -1, n, message(fmt.Sprint(n), fmt.Sprint("key", n), fmt.Sprint("queue", n)))
		},
		"no ids": func(n int) tracetree.Span { return tracetree.Span{TraceID: "x", SpanID: fmt.Sprint(n)} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, c := timed(t, Options{Limit: 8 << 20})
			began := time.Now()
			spans := 30_000
			if name == "spans of 500 links" {
				spans = 3000 // of 40 kB each
			}
			for from := 0; from < spans; from += 1000 {
				batch := make([]tracetree.Span, 1000)
				for i := range batch {
					batch[i] = next(from + i)
				}
				s.Add(batch, SourceOTLP)
				if from%4000 == 0 {
					c.pass(s, time.Second)
				}
			}
			c.pass(s, time.Minute)
			c.pass(s, time.Minute)
			audit(t, s)
			for _, row := range s.Rows(Filter{}, Newest, 0, 0).Rows {
				if row.Spans > 20_000 || len(row.Track) > maxStages || len(row.Traces) > maxRowTraces {
					t.Errorf("%d spans, %d stages", row.Spans, len(row.Track))
				}
			}
			m := s.Memory()
			if m.Spans+m.DroppedSpans < spans && name != "a repeated span" {
				t.Errorf("%d spans are nowhere: %+v", spans-m.Spans-m.DroppedSpans, m)
			}
			if took := time.Since(began); took > 2*time.Minute {
				t.Errorf("it took %s", took)
			}
			t.Logf("%s, %+v", time.Since(began).Round(time.Millisecond), m)
		})
	}
}

// A journey that is too large keeps its first spans and counts the others. The sender is told.
func TestOneJourneyHasALimit(t *testing.T) {
	t.Parallel()
	s, _ := timed(t, Options{JourneyLimit: 64 << 10})
	var spans []tracetree.Span
	for n := range 200 {
		spans = append(spans, spanOf(0, n, -1, n, tracetree.KindInternal, "x", conversation("c"), attribute("text", string(make([]byte, 1000)))))
	}
	r := s.Add(spans, SourceOTLP)
	s.Flush()
	row := only(t, s)
	if row.Spans == 0 || row.Dropped == 0 || row.Spans+row.Dropped != 200 || r.Refused != row.Dropped || r.Reason == "" {
		t.Errorf("%d spans, %d dropped, %+v", row.Spans, row.Dropped, r)
	}
	audit(t, s)
}

// Readers and senders of all kinds at the same time.
func TestAllMethodsAtOnce(t *testing.T) {
	t.Parallel()
	s := opened(t, Options{Limit: 3 << 20})
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			for n := range 60 {
				spans := newOrder(worker*1000+n, n%2 == 0)
				for len(spans) > 0 {
					part := min(len(spans), 9)
					s.Add(spans[:part:part], SourceOTLP)
					s.AddLogs([]otlp.Log{{TraceID: spans[0].TraceID, SpanID: spans[0].SpanID, Body: "log"}})
					spans = spans[part:]
				}
			}
		})
		all.Go(func() {
			version := s.Version()
			for n := range 60 {
				page := s.Rows(Filter{Attributes: []string{"traceria.customer=customer-3"}}, Attention, 50, 0)
				for _, row := range page.Rows {
					_, _ = s.Spans(row.ID)
					_ = s.Logs(row.ID)
				}
				changes := s.Changes(version, Filter{Text: "order"})
				version = changes.Version
				s.Each(Filter{}, 5, func(Row, []tracetree.Span) bool { return true })
				_, _, _, _ = s.Memory(), s.Counts(), s.Hits(), s.OldestWaiting()
				if n%20 == 0 {
					s.Flush()
				}
			}
		})
	}
	all.Wait()
	s.Flush()
	audit(t, s)
}

// A reader that starts anywhere and follows the changes has the same rows as one that reads all.
func TestFollowingTheChangesGivesTheList(t *testing.T) {
	t.Parallel()
	s, c := timed(t, Options{Limit: leastLimit})
	known := map[string]uint64{}
	version := uint64(0)
	for n := range 150 {
		spans := newOrder(n, n%3 == 0)
		s.Add(spans[:20:20], SourceOTLP)
		if n%4 == 0 {
			s.Flush()
		}
		s.Add(spans[20:], SourceOTLP)
		c.pass(s, 400*time.Millisecond)
		changes := s.Changes(version, Filter{})
		if changes.Reset {
			clear(known)
		}
		for _, id := range changes.Removed {
			delete(known, id)
		}
		for _, row := range changes.Rows {
			known[row.ID] = row.Version
		}
		version = changes.Version
		rows := s.Rows(Filter{}, Newest, 0, 0).Rows
		if len(rows) != len(known) {
			t.Fatalf("after %d orders: %d rows, %d known", n, len(rows), len(known))
		}
		for _, row := range rows {
			if known[row.ID] != row.Version {
				t.Fatalf("after %d orders: %s has version %d, known %d", n, row.ID, row.Version, known[row.ID])
			}
		}
	}
}
