package tracetree

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// kafka makes spans of a system without RabbitMQ's routing keys.
type kafka struct{ *story }

func newKafka() kafka { return kafka{newStory(someTrace)} }

func (k kafka) sent(parent, service string, at int, with ...func(*Span)) string {
	with = append([]func(*Span){attr(systemKey, "kafka"), attr(operationKey, "send"), attr(destinationKey, "orders")}, with...)
	return k.span(parent, service, KindProducer, "send orders", at, 1000, with...)
}

func (k kafka) handled(parent, group string, at int, with ...func(*Span)) string {
	with = append([]func(*Span){attr(systemKey, "kafka"), attr(operationKey, "process"), attr(destinationKey, "orders"), attr(groupKey, group)}, with...)
	return k.span(parent, group, KindConsumer, "process orders", at, 1000, with...)
}

// told are the messages in short.
func told(messages []Message) (texts []string) {
	for _, m := range messages {
		numbers := make([]int, len(m.Attempts))
		for i, a := range m.Attempts {
			numbers[i] = a.Number
		}
		texts = append(texts, fmt.Sprintf("%s %s in %s from %s to %s %v", m.Subject(), m.State, m.Queue, m.Producer, m.Consumer, numbers))
	}
	slices.Sort(texts)
	return texts
}

func TestMessagesOfOtherSystemsAndShapes(t *testing.T) {
	t.Parallel()
	broken := func(s *Span) { s.Status = StatusError }
	for name, test := range map[string]struct {
		tell func(k kafka)
		want []string
	}{
		"each group has its own queue": {func(k kafka) {
			send := k.sent("", "shop", 0)
			k.handled(send, "billing", 5000)
			k.handled(send, "stock", 7000)
		}, []string{"orders done in orders:billing from shop to billing [1]", "orders done in orders:stock from shop to stock [1]"}},
		"a batch is several messages": {func(k kafka) {
			a, b := k.sent("", "shop", 0), k.sent("", "shop", 10)
			k.handled("", "billing", 5000, linked(someTrace, a), linked(someTrace, b))
		}, []string{"orders done in orders:billing from shop to billing [1]", "orders done in orders:billing from shop to billing [1]"}},
		"a batch is taken again": {func(k kafka) {
			a, b := k.sent("", "shop", 0), k.sent("", "shop", 10)
			k.handled("", "billing", 5000, linked(someTrace, a), linked(someTrace, b), broken)
			k.handled("", "billing", 9000, linked(someTrace, b))
		}, []string{"orders done in orders:billing from shop to billing [1 2]", "orders failed in orders:billing from shop to billing [1]"}},
		"a partition and an offset are an id": {func(k kafka) {
			with := []func(*Span){attr("messaging.kafka.partition", int64(3)), attr(offsetKey, int64(42))}
			k.sent("", "shop", 0, with...)
			k.handled("", "billing", 5000, with...)
		}, []string{"orders done in orders:billing from shop to billing [1]"}},
		"a message that waits": {func(k kafka) { k.sent("", "shop", 0) }, []string{"orders queued in  from shop to  []"}},
		"the broker gives the id": {func(k kafka) {
			send := k.sent("", "shop", 0)
			k.handled(send, "billing", 5000, attr(messageIDKey, "7"))
		}, []string{"orders done in orders:billing from shop to billing [1]"}},
		"one parent for several messages": {func(k kafka) {
			poll := k.span("", "billing", KindInternal, "poll", 0, 9000)
			k.handled(poll, "billing", 1000)
			k.handled(poll, "billing", 2000)
		}, []string{"orders done in orders:billing from  to billing [1]", "orders done in orders:billing from  to billing [1]"}},
		"receive and process are one handling": {func(k kafka) {
			send := k.sent("", "shop", 0)
			receive := k.span("", "billing", KindConsumer, "receive orders", 4000, 10, attr(systemKey, "kafka"), attr(operationKey, "receive"), attr(destinationKey, "orders"))
			k.handled(receive, "billing", 5000, linked(someTrace, send))
		}, []string{"orders done in orders:billing from shop to billing [1]"}},
		"create and send are one message": {func(k kafka) {
			create := k.span("", "shop", KindProducer, "create orders", 0, 10, attr(systemKey, "kafka"), attr(operationKey, "create"), attr(destinationKey, "orders"))
			k.span("", "shop", KindClient, "send orders", 100, 900, attr(systemKey, "kafka"), attr(operationKey, "send"), attr(destinationKey, "orders"), linked(someTrace, create))
			k.handled(create, "billing", 5000)
		}, []string{"orders done in orders:billing from shop to billing [1]"}},
		"a settle span tells the outcome": {func(k kafka) {
			send := k.sent("", "shop", 0)
			process := k.handled(send, "billing", 5000, broken)
			k.span(process, "billing", KindClient, "dead_letter orders", 5500, 10, attr(systemKey, "servicebus"), attr(operationKey, "settle"), attr("messaging.servicebus.disposition_status", "dead_letter"))
		}, []string{"orders dead in orders:billing from shop to billing [1]"}},
	} {
		k := newKafka()
		test.tell(k)
		spans := slices.Clone(k.spans)
		slices.Reverse(spans) // they come in any order
		if diff := cmp.Diff(test.want, told(Messages(spans, Routing{}))); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
		if diff := cmp.Diff(test.want, told(Join(Build(spans)).Messages(Routing{}))); diff != "" {
			t.Errorf("%s, of a tree (-want +got)\n%s", name, diff)
		}
	}
}

// A routing that knows some exchanges says where their messages go. The spans say it of the others.
func TestARoutingKnowsItsOwnExchanges(t *testing.T) {
	t.Parallel()
	p := newPost()
	p.sent("events", "order-confirmed", "1", 0)
	p.sent("events", "without-a-queue", "2", 100)
	p.sent("theirs", "parcel", "3", 200)
	routing := toTheKitchen
	if diff := cmp.Diff([]string{"order-confirmed queued in kitchen from order to  []"}, told(Messages(p.spans, routing))); diff != "" {
		t.Errorf("a routing that knows all (-want +got)\n%s", diff)
	}
	routing.Knows = func(exchange string) bool { return exchange == "events" }
	want := []string{"order-confirmed queued in kitchen from order to  []", "parcel queued in  from order to  []"}
	if diff := cmp.Diff(want, told(Messages(p.spans, routing))); diff != "" {
		t.Errorf("a routing that knows events (-want +got)\n%s", diff)
	}
}

func TestAWaitIsToldOrWorkedOut(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		sent, at int // microseconds; a send takes 1 ms
		with     func(*Span)
		linked   bool
		want     Waited
		note     string
		warning  string
	}{
		"told":                          {0, 5000, attr(waitKey, 3.5), false, Waited{true, true, 3500 * time.Microsecond}, "waited 3.5 ms", ""},
		"told below zero":               {0, 5000, attr(waitKey, -3.5), false, Waited{true, true, 0}, "waited 0 ns", ""},
		"worked out":                    {0, 5000, nil, false, Waited{true, false, 4 * time.Millisecond}, "waited ~4 ms", ""},
		"worked out over a link":        {0, 5000, nil, true, Waited{true, false, 4 * time.Millisecond}, "waited ~4 ms", ""},
		"delivered before the confirm":  {0, 500, nil, false, Waited{true, false, 0}, "waited ~0 ms", ""},
		"clocks disagree":               {9000, 5000, nil, false, Waited{}, "", "starts before its parent"},
		"clocks disagree over a link":   {9000, 5000, nil, true, Waited{}, "", "starts before its message was sent: the clocks of billing and shop disagree"},
		"clocks disagree and it's told": {9000, 5000, attr(waitKey, 2.0), true, Waited{true, true, 2 * time.Millisecond}, "waited 2 ms", "starts before its message was sent: the clocks of billing and shop disagree"},
	} {
		k := newKafka()
		send := k.sent("", "shop", test.sent)
		var with []func(*Span)
		if test.with != nil {
			with = append(with, test.with)
		}
		if test.linked {
			with, send = append(with, linked(someTrace, send)), ""
		}
		k.handled(send, "billing", test.at, with...)
		tree := Build(k.spans)
		tree.Walk(func(n *Node, _ int) {
			if !n.Handles() {
				return
			}
			if n.Waited() != test.want {
				t.Errorf("%s: waited %+v, want %+v", name, n.Waited(), test.want)
			}
		})
		text := printed(t, k.spans, PrintOptions{})
		if !strings.Contains(text, test.note) || !strings.Contains(text, test.warning) {
			t.Errorf("%s: %q or %q is missing in\n%s", name, test.note, test.warning, text)
		}
		if strings.Contains(test.note, "~") != strings.Contains(text, workedOutLegend) {
			t.Errorf("%s: the legend is missing, or is not wanted:\n%s", name, text)
		}
	}
}

// attempts at one message in one queue, of which no attribute tells the number.
func TestAttemptsAreCountedAndTimesApart(t *testing.T) {
	t.Parallel()
	k := newKafka()
	broken := func(s *Span) { s.Status = StatusError }
	send := k.sent("", "shop", 0)
	k.handled(send, "billing", 5_000, broken)
	k.handled(send, "billing", 106_000, broken, attr(settledKey, "dead"))
	k.handled(send, "billing", 300_000, attr(waitKey, 20.0), attr(attemptKey, int64(7)))
	k.handled(send, "stock", 9_000)
	var got []string
	Build(k.spans).Walk(func(n *Node, _ int) {
		if !n.Handles() {
			return
		}
		backOff, again := n.BackOff()
		got = append(got, fmt.Sprintf("%s attempt %d waited %s queued %s back-off %s %t", n.Service, n.Attempt(), n.Waited().note(), n.Queued().note(), backOff, again))
	})
	slices.Sort(got)
	want := []string{
		"billing attempt 1 waited waited ~4 ms queued waited ~4 ms back-off 0s false",
		"billing attempt 2 waited  queued  back-off 100ms true",
		"billing attempt 7 waited waited 20 ms queued waited 20 ms back-off 173ms true",
		"stock attempt 1 waited waited ~8 ms queued waited ~8 ms back-off 0s false",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for _, r := range NewWaterfall(Build(k.spans), Path{}).Rows {
		if r.Attempt == 7 && (r.BackOff == nil || !r.BackOff.Dead || r.BackOff.After != 2 || !r.Redriven || r.Wait == nil || !r.Wait.Told) {
			t.Errorf("the redrive is %+v with %+v and %+v", r, r.BackOff, r.Wait)
		}
	}
}

// A wait that began before the last attempt ended has the back-off in it. Both are not drawn one over the other.
func TestABackOffIsNotDrawnAsAWait(t *testing.T) {
	t.Parallel()
	spans := late(false)
	for i := range spans {
		if ms, told := spans[i].Attributes[waitKey]; told && spans[i].Attributes[attemptKey] != nil && ms == 2.0 {
			spans[i].Attributes[waitKey] = 1500.0
		}
	}
	for _, r := range NewWaterfall(Build(spans), Path{}).Rows {
		if r.Attempt > 1 && (r.Wait != nil || r.BackOff == nil || r.BackOff.MS < 200) {
			t.Errorf("attempt %d has %+v and %+v", r.Attempt, r.Wait, r.BackOff)
		}
	}
}

// A wait is told in whole milliseconds: 1 s may be 1.0009 s, and may have begun before the attempt before ended.
func TestAWaitInMillisecondsMayHaveBegunInTheAttemptBefore(t *testing.T) {
	t.Parallel()
	for since, want := range map[int64]time.Duration{1_000_600: 1_000_600 * time.Microsecond, 1_000_000: time.Second, 1_001_100: 1100 * time.Microsecond} {
		k := newKafka()
		send := k.sent("", "shop", 0)
		k.handled(send, "billing", 5_000, func(s *Span) { s.Status = StatusError })
		k.handled(send, "billing", 0, attr(waitKey, 1000.0))
		first, second := &k.spans[1], &k.spans[2]
		second.Start = first.Start.Add(first.Duration + time.Duration(since)*time.Microsecond)
		Build(k.spans).Walk(func(n *Node, _ int) {
			if backOff, again := n.BackOff(); again && (backOff != want || n.Queued().Known != (backOff < time.Second)) {
				t.Errorf("after %d µs: back-off %s and %+v, want a back-off of %s", since, backOff, n.Queued(), want)
			}
		})
	}
}

// A bound of a golden tree holds for a wait that is worked out.
func TestAGoldenTreeBoundsAWaitThatIsWorkedOut(t *testing.T) {
	t.Parallel()
	k := newKafka()
	k.handled(k.sent("", "shop", 0), "billing", 5000)
	const tree = "send orders  shop  producer\n└─ process orders  billing  consumer  waited >= 4ms, waited < 5ms\n"
	if diff := Compare(tree, Build(k.spans)); diff != "" {
		t.Error(diff)
	}
	if diff := Compare(strings.Replace(tree, ">= 4ms", "> 4ms", 1), Build(k.spans)); !strings.Contains(diff, "waited 4 ms") {
		t.Error(diff)
	}
}
