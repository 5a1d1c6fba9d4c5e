package journeys

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"testing"
	"time"

	"traceria/telemetry/tracetree"
)

func request(trace int, name string, changes ...change) tracetree.Span {
	return spanOf(trace, 1, -1, trace, tracetree.KindServer, name, changes...)
}

func TestAReaderGetsWhatChanged(t *testing.T) {
	t.Parallel()
	s, c := timed(t, Options{Limit: leastLimit})
	start := s.Version()
	s.Add([]tracetree.Span{request(0, "GET", conversation("a")), request(1, "GET", conversation("b"))}, SourceOTLP)
	s.Flush()
	all := s.Changes(start, Filter{})
	if all.Reset || len(all.Rows) != 2 || all.Total != 2 || all.Matching != 2 || all.Counts[Running] != 2 || all.Version != s.Version() {
		t.Errorf("%+v", all)
	}
	if again := s.Changes(all.Version, Filter{}); len(again.Rows)+len(again.Removed) != 0 || again.Reset {
		t.Errorf("%+v", again)
	}
	running := Filter{States: []State{Running}}
	s.Add([]tracetree.Span{spanOf(0, 2, 1, 9, tracetree.KindInternal, "more")}, SourceOTLP)
	c.pass(s, quiet)
	changes := s.Changes(all.Version, running)
	if len(changes.Rows) != 0 || !slices.Equal(changes.Removed, []string{"a", "b"}) || changes.Matching != 0 {
		t.Errorf("rows that no longer match are removed: %+v", changes)
	}
	for name, after := range map[string]uint64{"another life before": start - 1, "another life after": s.Version() + 1, "nothing": 0} {
		if reset := s.Changes(after, Filter{}); !reset.Reset || len(reset.Rows) != 2 || len(reset.Removed) != 0 {
			t.Errorf("%s: %+v", name, reset)
		}
	}
	version := s.Version()
	for n := range 8 { // the limit takes the oldest
		fill(t, s, 100*n, 100*n+20, false)
		c.pass(s, time.Minute)
	}
	changes = s.Changes(version, Filter{})
	if !slices.Contains(changes.Removed, "a") || changes.Total != len(s.Rows(Filter{}, Newest, 0, 0).Rows) {
		t.Errorf("%d removed, %d in total", len(changes.Removed), changes.Total)
	}
	for _, id := range changes.Removed {
		if _, ok := s.Find(id); ok {
			t.Errorf("%s is removed and there", id)
		}
	}
}

func TestWaitEndsWithAChange(t *testing.T) {
	t.Parallel()
	s := opened(t, Options{})
	version := s.Version()
	short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := s.Wait(short, version); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	done := make(chan error)
	go func() { done <- s.Wait(t.Context(), version) }()
	s.Add([]tracetree.Span{request(0, "GET")}, SourceOTLP)
	if err := <-done; err != nil || s.Version() == version {
		t.Error(err)
	}
	version = s.Version()
	go func() { done <- s.Wait(context.WithoutCancel(t.Context()), version+100) }()
	if err := <-done; err != nil { // a version of another life is a change
		t.Error(err)
	}
	time.Sleep(time.Millisecond)
	go func() {
		for err := s.Wait(context.WithoutCancel(t.Context()), s.Version()); ; err = s.Wait(context.WithoutCancel(t.Context()), s.Version()) {
			if err != nil {
				done <- err
				return
			}
		}
	}()
	s.Close()
	if err := <-done; !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}

func TestHitsCountJourneysPerFailure(t *testing.T) {
	t.Parallel()
	s, c := timed(t, Options{})
	hurt := func(trace, id int, keys ...string) tracetree.Span {
		span := spanOf(trace, id, -1, trace, tracetree.KindServer, "GET", attribute(injectedKey, true))
		for _, key := range keys {
			span.Attributes[failureKey] = key
			span.Attributes[injectPrefix+key] = true
		}
		return span
	}
	s.Add([]tracetree.Span{hurt(0, 1, "slow"), hurt(0, 2, "slow"), hurt(1, 1, "slow", "poison")}, SourceOTLP)
	s.Flush()
	s.Add([]tracetree.Span{hurt(0, 3, "slow")}, SourceOTLP)
	s.Flush()
	if hits := s.Hits(); hits["slow"].Journeys != 2 || hits["poison"].Journeys != 1 || len(hits) != 2 {
		t.Errorf("%v", hits)
	}
	if row, _ := s.Find(traceNumber(1)); !slices.Equal(row.Failures, []string{"poison", "slow"}) {
		t.Errorf("%v", row.Failures)
	}
	c.add(time.Minute)
	s.ResetHits("slow")
	s.Add([]tracetree.Span{hurt(0, 4, "slow"), hurt(2, 1, "slow")}, SourceOTLP)
	s.Flush()
	if hits := s.Hits(); hits["slow"].Journeys != 1 || !hits["slow"].Since.Equal(c.now()) || hits["poison"].Journeys != 1 {
		t.Errorf("%v", hits)
	}
	s.ResetHits()
	if hits := s.Hits(); hits["slow"].Journeys+hits["poison"].Journeys != 0 {
		t.Errorf("%v", hits)
	}
}

func TestFiltersChooseRows(t *testing.T) {
	t.Parallel()
	s, c := timed(t, Options{Routing: routing})
	s.Add([]tracetree.Span{
		request(0, "GET /menu", attribute("traceria.customer", "anna"), attribute(numberKey, "ORD17"), attribute("list", []any{"x", int64(7)})),
		request(1, "POST /order", conversation("order-1"), attribute("http.response.status_code", int64(202)), by("till")),
		send(1, 2, 1, 10, message("m", "bought", ""), func(s *tracetree.Span) { s.Resource = map[string]any{"host.name": "h1"} }),
		request(2, "GET /long", attribute(failureKey, "slow"), func(s *tracetree.Span) { s.Duration = time.Second }),
	}, SourceOTLP)
	for _, compressed := range []bool{false, true} {
		for query, want := range map[string]string{
			"":                                    "0 order-1 2",
			"state=waiting&state=stuck":           "order-1",
			"state=done":                          map[bool]string{true: "0 2", false: ""}[compressed],
			"customer=anna":                       "0",
			"customer=anna&service=till":          "",
			"service=till&service=nothing":        "order-1",
			"event=bought":                        "order-1",
			"failure=any":                         "2",
			"failure=none":                        "0 order-1",
			"failure=slow&failure=none":           "0 order-1 2",
			"minMs=100":                           "2",
			"maxMs=100":                           "0 order-1",
			"q=ORD":                               "0 order-1",
			"q=ord17":                             "0",
			"q=/ord":                              "order-1",
			"id=order-1&id=" + traceNumber(0):     "0 order-1",
			"source=file":                         "",
			"since=2026-10-01T12:00:00.001Z":      "order-1 2",
			"until=2026-10-01T12:00:00.001Z":      "0 order-1",
			"attribute=http.response.status_code": "order-1",
			"attribute=http.response.status_code=202":                 "order-1",
			"attribute=http.response.status_code=2*":                  "order-1",
			"attribute=http.response.status_code=2":                   "",
			"attribute=traceria.customer=*n*a":                        "0",
			"attribute=traceria.customer=*b*":                         "",
			"attribute=list=7":                                        "0",
			"attribute=host.name=h1&attribute=traceria.customer=anna": "0 order-1",
		} {
			values, _ := url.ParseQuery(query)
			f, err := ParseFilter(values)
			if err != nil {
				t.Fatal(query, err)
			}
			if compressed && query != "" || !compressed {
				s.Flush()
			}
			got := ""
			for _, row := range s.Rows(f, Oldest, 0, 0).Rows {
				name := row.ID
				for n := range 3 {
					if name == traceNumber(n) {
						name = fmt.Sprint(n)
					}
				}
				got += " " + name
			}
			if got != "" {
				got = got[1:]
			}
			if got != want {
				t.Errorf("%q, compressed %t: %q instead of %q", query, compressed, got, want)
			}
		}
		c.pass(s, time.Minute)
	}
}

func TestAWrongFilterIsNamed(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"state=x":     `state "x" is unknown: use one of dead, lost, stuck, failed, retrying, waiting, running, done`,
		"minMs=-1":    `minMs "-1" is not a number of milliseconds from 0`,
		"maxMs=NaN":   `maxMs "NaN" is not a number of milliseconds from 0`,
		"since=now":   `since "now" is not a time: use RFC 3339, as 2026-10-01T12:00:00Z`,
		"attribute==": `attribute "=" has no name: use key or key=value`,
		"commands=x":  `commands "x" is unknown: use none, any or only`,
		"source=x":    `source "x" is unknown: use otlp or file`,
	} {
		values, _ := url.ParseQuery(query)
		if _, err := ParseFilter(values); err == nil || err.Error() != want {
			t.Errorf("%s: %v", query, err)
		}
	}
	if _, err := ParseFilter(url.Values{"id": make([]string, 201)}); err == nil {
		t.Error("201 values are taken")
	}
	if _, err := ParseSort("x"); err == nil {
		t.Error("an unknown sort is taken")
	}
}

// A list has no commands unless it is asked for them. Its counts have the same rows.
func TestCommandsAreLeftOut(t *testing.T) {
	t.Parallel()
	s, c := timed(t, Options{Routing: routing, Command: func(r *Row) bool { return r.Root == "command" }})
	s.Add([]tracetree.Span{request(0, "order"), request(1, "command"), request(2, "order", failing("no"))}, SourceOTLP)
	c.pass(s, time.Minute)
	s.Flush()
	for query, want := range map[string]struct{ rows, done, failed int }{
		"": {2, 1, 1}, "commands=none": {2, 1, 1}, "commands=any": {3, 2, 1}, "commands=only": {1, 1, 0}, "id=" + traceNumber(1): {1, 2, 1},
	} {
		values, _ := url.ParseQuery(query)
		f, err := ParseFilter(values)
		if err != nil {
			t.Fatal(err)
		}
		page, changes := s.Rows(f, Oldest, 0, 0), s.Changes(0, f)
		if len(page.Rows) != want.rows || page.Counts[Done] != want.done || page.Counts[Failed] != want.failed || page.Total != want.done+want.failed {
			t.Errorf("%q: %+v", query, page)
		}
		if len(changes.Rows) != want.rows || changes.Total != page.Total || changes.Counts[Done] != want.done {
			t.Errorf("%q: %+v", query, changes)
		}
		for _, row := range page.Rows {
			if row.Command != (row.Root == "command") {
				t.Errorf("%+v", row)
			}
		}
	}
}

func TestListsAreSorted(t *testing.T) {
	t.Parallel()
	s, c := timed(t, Options{Routing: routing})
	s.Add([]tracetree.Span{
		request(0, "done, older", func(s *tracetree.Span) { s.Duration = 9 * time.Second }), request(1, "done, newer"),
		send(2, 1, -1, 10, message("m", "bought", "")), send(3, 1, -1, 5, message("n", "bought", "")),
		request(4, "failed", failing("no")),
	}, SourceOTLP)
	c.pass(s, time.Minute)
	for sort, want := range map[Sort][]int{Attention: {3, 2, 4, 1, 0}, Newest: {2, 3, 4, 1, 0}, Oldest: {0, 1, 4, 3, 2}, Slowest: {0, 2, 3, 4, 1}} {
		got := []int{}
		for _, row := range s.Rows(Filter{}, sort, 0, 0).Rows {
			got = append(got, slices.Index([]string{traceNumber(0), traceNumber(1), traceNumber(2), traceNumber(3), traceNumber(4)}, row.ID))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v instead of %v", sort, got, want)
		}
	}
	page := s.Rows(Filter{}, Oldest, 2, 1)
	if len(page.Rows) != 2 || page.Rows[0].ID != traceNumber(1) || page.Matching != 5 || page.Total != 5 {
		t.Errorf("%+v", page)
	}
	if page := s.Rows(Filter{}, Oldest, 2, 9); len(page.Rows) != 0 {
		t.Errorf("%+v", page)
	}
	visited := 0
	s.Each(Filter{States: []State{Done, Failed}}, 2, func(row Row, spans []tracetree.Span) bool {
		visited++
		return len(spans) == 1 && row.State != Stuck
	})
	if visited != 2 {
		t.Errorf("%d visited", visited)
	}
}
