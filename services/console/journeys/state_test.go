package journeys

import (
	"testing"
	"time"

	"traceria/telemetry/tracetree"
)

var root = spanOf(0, 1, -1, 0, tracetree.KindServer, "POST /buy", conversation("c"))

// routing is that of a broker with one queue.
func routing() tracetree.Routing {
	return tracetree.Routing{Routes: func(exchange, key string) []tracetree.Route {
		switch {
		case exchange == "shop" && key == "bought":
			return []tracetree.Route{{Queue: "packing"}}
		case exchange == "shop" && key == "dead":
			return []tracetree.Route{{Queue: "packing", Dead: true}}
		default:
			return nil
		}
	}}
}

func TestAJourneyHasTheStateOfItsGravestMessage(t *testing.T) {
	t.Parallel()
	sent := send(0, 2, 1, 10, message("m", "bought", ""), conversation("c"))
	attempt := func(id, at int, changes ...change) tracetree.Span {
		return process(0, id, 2, at, message("m", "bought", "packing"), changes...)
	}
	settled := func(how string) change { return attribute(settledKey, how) }
	for name, test := range map[string]struct {
		spans   []tracetree.Span
		routing func() tracetree.Routing
		state   State // at once
		where   Where // without Since
		later   State // after a minute
	}{
		"a request":                       {[]tracetree.Span{root}, nil, Running, Where{Kind: "service", Name: "shop"}, Done},
		"a request that failed":           {[]tracetree.Span{spanOf(0, 1, -1, 0, tracetree.KindServer, "GET", failing("no"))}, nil, Failed, Where{Kind: "service", Name: "shop"}, Failed},
		"sent to a queue":                 {[]tracetree.Span{root, sent}, routing, Waiting, Where{Kind: "queue", Name: "packing", Event: "bought"}, Stuck},
		"sent where no consumer is known": {[]tracetree.Span{root, sent}, nil, Running, Where{Kind: "service", Name: "shop"}, Done},
		"handled":                         {[]tracetree.Span{root, sent, attempt(3, 20)}, routing, Running, Where{Kind: "service", Name: "worker"}, Done},
		"will be tried again":             {[]tracetree.Span{root, sent, attempt(3, 20, settled("retry"), failing("no"))}, routing, Retrying, Where{Kind: "retry", Name: "packing", Event: "bought"}, Stuck},
		"given back by amqplib":           {[]tracetree.Span{sent, attempt(3, 20, failing("nack called on message with requeue"))}, nil, Retrying, Where{Kind: "retry", Name: "packing", Event: "bought"}, Stuck},
		"given back, then handled":        {[]tracetree.Span{sent, attempt(3, 20, failing("nack called on message with requeue")), attempt(4, 40)}, nil, Running, Where{Kind: "service", Name: "worker"}, Done},
		"rejected by amqplib":             {[]tracetree.Span{sent, attempt(3, 20, failing("nack called on message without requeue"))}, nil, Dead, Where{Kind: "dead", Name: "packing", Event: "bought"}, Dead},
		"failed, and nothing says more":   {[]tracetree.Span{sent, attempt(3, 20, failing("no"))}, nil, Failed, Where{Kind: "service", Name: "worker", Event: "bought"}, Failed},
		"acked although it failed":        {[]tracetree.Span{root, sent, attempt(3, 20, settled("ack"), failing("no"))}, routing, Lost, Where{Kind: "service", Name: "worker", Event: "bought"}, Lost},
		"a dead letter":                   {[]tracetree.Span{root, sent, attempt(3, 20, settled("dead"), failing("no"))}, routing, Dead, Where{Kind: "dead", Name: "packing", Event: "bought"}, Dead},
		"not published by an outbox":      {[]tracetree.Span{root, send(0, 2, 1, 10, message("m", "bought", ""), conversation("c"), failing("nack"))}, routing, Retrying, Where{Kind: "outbox", Name: "shop", Event: "bought"}, Stuck},
		"not published by another one":    {[]tracetree.Span{send(0, 2, -1, 10, message("m", "bought", ""), failing("nack"))}, nil, Failed, Where{Kind: "outbox", Name: "shop", Event: "bought"}, Failed},
		"a client's error that is cured":  {[]tracetree.Span{root, spanOf(0, 5, 1, 2, tracetree.KindClient, "GET", failing("no"))}, nil, Running, Where{Kind: "service", Name: "shop"}, Done},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, c := timed(t, Options{Routing: test.routing})
			s.Add(test.spans, SourceOTLP)
			s.Flush()
			row := only(t, s)
			where := *row.Where
			if where.Since.IsZero() {
				t.Error("nothing says since when it is there")
			}
			where.Since = time.Time{}
			if row.State != test.state || where != test.where {
				t.Errorf("%s at %+v instead of %s at %+v", row.State, where, test.state, test.where)
			}
			version := row.Version
			c.pass(s, time.Minute)
			if row = only(t, s); row.State != test.later {
				t.Errorf("after a minute: %s instead of %s", row.State, test.later)
			}
			if changed := row.State != test.state; changed != (row.Version > version) {
				t.Errorf("state %s became %s, version %d became %d", test.state, row.State, version, row.Version)
			}
		})
	}
}

// A redrive is a send in the message's own context.
func TestARedrivenLetterIsDeadNoLonger(t *testing.T) {
	t.Parallel()
	s, c := timed(t, Options{Routing: routing})
	spans := []tracetree.Span{
		root, send(0, 2, 1, 10, message("m", "bought", ""), conversation("c")),
		process(0, 3, 2, 20, message("m", "bought", "packing"), attribute(settledKey, "dead"), failing("no")),
	}
	s.Add(spans, SourceOTLP)
	s.Flush()
	if row := only(t, s); row.State != Dead || row.Dead != 1 || row.Redriven != 0 || row.Attempts != 1 {
		t.Errorf("%+v", row)
	}
	s.Add([]tracetree.Span{send(0, 4, 2, 5000, message("m", "bought", ""), attribute(redriveKey, true), conversation("c"))}, SourceOTLP)
	s.Flush()
	if row := only(t, s); row.State != Waiting || row.Dead != 0 || row.Redriven != 1 {
		t.Errorf("%+v", row)
	}
	s.Add([]tracetree.Span{process(0, 5, 2, 5020, message("m", "bought", "packing"), attribute(settledKey, "ack"))}, SourceOTLP)
	c.pass(s, time.Minute)
	row := only(t, s)
	if row.State != Done || row.Dead != 0 || row.Redriven != 1 || row.Attempts != 2 {
		t.Errorf("%+v", row)
	}
	var stays []string
	for _, g := range row.Track {
		stays = append(stays, g.Kind+" "+g.Place)
	}
	t.Log(stays)
}

// A message waits in the queues from which messages to its destination were consumed before. It does not wait in a queue that came later.
func TestTheStoreLearnsWhereMessagesWait(t *testing.T) {
	t.Parallel()
	s, c := timed(t, Options{})
	s.Add([]tracetree.Span{
		send(0, 1, -1, 0, message("before", "bought", "")),
		send(1, 1, -1, 10, message("first", "bought", "")), process(1, 2, 1, 20, message("first", "bought", "packing")),
		send(2, 1, -1, 30, message("after", "bought", "")),
		send(3, 1, -1, 30, message("other", "sold", "")),
	}, SourceOTLP)
	c.pass(s, time.Minute)
	want := map[string]State{traceNumber(0): Done, traceNumber(1): Done, traceNumber(2): Stuck, traceNumber(3): Done}
	for _, row := range s.Rows(Filter{}, Oldest, 0, 0).Rows {
		if row.State != want[row.ID] {
			t.Errorf("%s is %s instead of %s", row.ID, row.State, want[row.ID])
		}
	}
	if age := s.OldestWaiting()["packing"]; age != c.now().Sub(epoch.Add(35*time.Millisecond)) {
		t.Errorf("the oldest message waits since %s", age)
	}
	s.Add([]tracetree.Span{process(2, 2, 1, 60_000, message("after", "bought", "packing"))}, SourceOTLP)
	c.pass(s, time.Minute)
	if row, _ := s.Find(traceNumber(2)); row.State != Done {
		t.Errorf("%+v", row)
	}
	if waiting := s.OldestWaiting(); len(waiting) != 0 {
		t.Errorf("%v", waiting)
	}
}

// A recording is as old as its spans.
func TestAFileIsNotRunning(t *testing.T) {
	t.Parallel()
	s, c := timed(t, Options{Routing: routing})
	c.set(epoch.Add(time.Hour))
	r := s.Add([]tracetree.Span{root, send(0, 2, 1, 10, message("m", "bought", ""), conversation("c")), spanOf(1, 1, -1, 0, tracetree.KindServer, "GET /")}, SourceFile)
	if len(r.Journeys) != 2 || r.Refused != 0 {
		t.Fatalf("%+v", r)
	}
	for id, state := range map[string]State{"c": Stuck, traceNumber(1): Done} {
		if row, _ := s.Find(id); row.State != state || row.Source != SourceFile {
			t.Errorf("%s: %+v", id, row)
		}
	}
	if hits := s.Hits(); len(hits) != 0 {
		t.Errorf("a file hits nothing: %v", hits)
	}
}

// Each copy of an event that was published twice is handled at its first attempt.
func TestADuplicateIsNotAnotherAttempt(t *testing.T) {
	t.Parallel()
	s, _ := timed(t, Options{Routing: routing})
	first := attribute("traceria.delivery.attempt", int64(1))
	s.Add([]tracetree.Span{
		root, send(0, 2, 1, 10, message("m", "bought", ""), conversation("c")), process(0, 3, 2, 20, message("m", "bought", "packing"), first),
		send(0, 4, 1, 30, message("m", "bought", "")), process(0, 5, 4, 40, message("m", "bought", "packing"), first),
	}, SourceOTLP)
	s.Flush()
	if row := only(t, s); row.Attempts != 1 {
		t.Errorf("%d attempts instead of 1", row.Attempts)
	}
}
