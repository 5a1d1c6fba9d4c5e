package chaos

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// figures are the counts of one test.
type figures struct {
	name, verdict       string
	accepted            int
	delivered           int
	cancelled           int
	lost                int // orders without their final status or with a missing event
	doubled             int // repeated effects: facts, points, timeline entries, orders
	dead, left, unsent  int // messages in .dead queues, in other queues, in outboxes
	again               int // messages that were published more than once, which the inbox allows
	kills               int
	traces              traceFigures
	slowest, took       time.Duration
	details             []string // the first faults
	deadFound, deadWant map[string]int
}

// count stops the services and compares the result with the accepted orders.
func (p *trial) count(t *testing.T, o *orders) figures {
	t.Helper()
	f := figures{name: p.fault.name, accepted: len(o.all), deadFound: map[string]int{}, deadWant: p.fault.dead}
	for _, s := range p.Services {
		f.kills += s.KillCount()
	}
	p.ask(o.all)
	f.countOrders(t, p, o.all)
	f.countPoints(t, p, o.all)
	p.Close(t) // unacked messages return to their queues, and all spans are exported
	for queue, n := range p.Waiting(t) {
		if strings.HasSuffix(queue, ".dead") {
			f.dead += n
			f.deadFound[queue] = n
		} else {
			f.left += n
			f.note("%d messages left in %s", n, queue)
		}
	}
	for name := range p.Services {
		n := p.Unsent(t, name)
		f.unsent += n
		if n > 0 {
			f.note("%d events left in the outbox of %s", n, name)
		}
	}
	heard := p.hear(t)
	f.again = heard.again
	f.countFacts(o.all, heard)
	f.traces = p.countTraces(t, o.all)
	return f
}

// note keeps the first 20 faults.
func (f *figures) note(format string, args ...any) {
	if len(f.details) < 20 {
		f.details = append(f.details, fmt.Sprintf(format, args...))
	}
}

// countOrders checks final statuses and timelines, and searches for orders that were never placed.
func (f *figures) countOrders(t *testing.T, p *trial, all []*accepted) {
	t.Helper()
	customers := map[string]int{}
	for _, a := range all {
		customers[a.customer]++
		switch a.story.Status {
		case "delivered":
			f.delivered++
		case "cancelled":
			f.cancelled++
		}
		if !a.told() {
			f.lost++
			f.note("order %s is %q, want %q; its timeline has %d lines", a.OrderID, a.story.Status, a.end(), len(a.story.Timeline))
		}
		for _, entry := range a.story.Timeline {
			f.slowest = max(f.slowest, entry.At.Sub(a.at))
		}
		for _, entry := range slices.Compact(a.names()) {
			if n := a.story.times(entry); n > 1 {
				f.doubled += n - 1
				f.note("order %s has %s %d times in its timeline", a.OrderID, entry, n)
			}
		}
	}
	for customer, n := range customers {
		var answer struct{ Orders []struct{ OrderID string } }
		p.Get(t, "order", "/order?limit=1000&customerId="+customer, &answer)
		if extra := len(answer.Orders) - n; extra != 0 {
			f.doubled += max(extra, 0)
			f.lost += max(-extra, 0)
			f.note("%s placed %d orders and has %d", customer, n, len(answer.Orders))
		}
	}
}

// names returns the events of the timeline, sorted.
func (a *accepted) names() []string {
	var names []string
	for _, entry := range a.story.Timeline {
		names = append(names, entry.Event)
	}
	slices.Sort(names)
	return names
}

// countPoints compares each customer's points with the prices of the delivered orders.
func (f *figures) countPoints(t *testing.T, p *trial, all []*accepted) {
	t.Helper()
	want := map[string]int{}
	for _, a := range all {
		want[a.customer] += a.points()
	}
	for customer, points := range want {
		var answer struct {
			Points  int
			History []struct{ Event, OrderID string }
		}
		p.Get(t, "loyalty", "/loyalty/"+customer, &answer)
		if answer.Points < points {
			f.lost++
			f.note("%s has %d points, want %d", customer, answer.Points, points)
		}
		if answer.Points > points {
			f.doubled++
			f.note("%s has %d points, want %d", customer, answer.Points, points)
		}
		lines := map[string]int{}
		for _, line := range answer.History {
			if lines[line.Event+line.OrderID]++; lines[line.Event+line.OrderID] > 1 {
				f.doubled++
				f.note("%s has %s twice for order %s", customer, line.Event, line.OrderID)
			}
		}
	}
}

// countFacts compares the published events with the expected facts of each order, each exactly once.
func (f *figures) countFacts(all []*accepted, heard testimony) {
	known := map[string]bool{}
	for _, a := range all {
		known[a.OrderID] = true
		facts := heard.orders[a.OrderID]
		for _, name := range a.facts() {
			switch n := len(facts[name]); {
			case n == 0:
				f.lost++
				f.note("the witness received no %s of order %s", name, a.OrderID)
			case n > 1:
				f.doubled += n - 1
				f.note("%s of order %s has %d different event ids", name, a.OrderID, n)
			}
		}
		for name := range facts {
			if !slices.Contains(a.facts(), name) {
				f.doubled++
				f.note("unexpected %s of order %s, which is %s", name, a.OrderID, a.end())
			}
		}
	}
	for id := range heard.orders {
		if !known[id] {
			f.doubled++
			f.note("there are events of order %s, which was never accepted", id)
		}
	}
}

// check asserts the promised figures.
func (f figures) check(t *testing.T, of fault) {
	t.Helper()
	if f.lost > 0 || f.doubled > 0 || f.left > 0 || f.unsent > 0 {
		t.Errorf("lost %d, doubled %d, left in queues %d, in outboxes %d; want none of any", f.lost, f.doubled, f.left, f.unsent)
	}
	if !maps.Equal(f.deadFound, f.deadWant) {
		t.Errorf("dead letters %v, want %v", f.deadFound, f.deadWant)
	}
	if f.delivered+f.cancelled != f.accepted {
		t.Errorf("%d orders accepted, %d delivered, %d cancelled", f.accepted, f.delivered, f.cancelled)
	}
	f.traces.check(t, of.traces)
	if t.Failed() {
		t.Log(strings.Join(append(slices.Clone(f.details), f.traces.details...), "\n"))
	}
}

// String returns the figures in one line.
func (f figures) String() string {
	return fmt.Sprintf("%s: %d orders accepted, %d delivered, %d cancelled; lost %d, doubled %d; dead letters %d, left in queues %d, "+
		"in outboxes %d; published again %d; killed %d; traces: %s; slowest order %s; took %s",
		f.name, f.accepted, f.delivered, f.cancelled, f.lost, f.doubled, f.dead, f.left, f.unsent, f.again, f.kills, f.traces,
		f.slowest.Round(10*time.Millisecond), f.took.Round(100*time.Millisecond))
}

const tableHead = "fault\torders\tdelivered\tcancelled\tlost\tdoubled\tdead\tin queues\tin outboxes\tsent twice\tkills\t" +
	"connected\torphans\tslowest\ttook\tverdict\t\n"

func (f figures) row() string {
	var text strings.Builder
	for _, cell := range []any{
		f.name, f.accepted, f.delivered, f.cancelled, f.lost, f.doubled, f.dead, f.left, f.unsent, f.again, f.kills,
		f.traces.connected, f.traces.orphans, f.slowest.Round(10 * time.Millisecond), f.took.Round(100 * time.Millisecond), f.verdict,
	} {
		fmt.Fprintf(&text, "%v\t", cell)
	}
	return text.String() + "\n"
}
