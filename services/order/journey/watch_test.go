package journey_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"traceria/services/broker"
	"traceria/services/host"
	"traceria/services/order/journey"
	"traceria/services/order/orderclient"
	"traceria/services/pizzeria"
	"traceria/telemetry/tracetree"
)

func TestAnOrderIsDelivered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := read(t, "delivered")
		j, told := r.watch(t, r.play())
		if !j.Ended || j.Err != nil || j.Order.Status != "delivered" || told.took > 2*time.Second {
			t.Errorf("after %s: %+v", told.took, j)
		}
		if lack := lacks(told.lines, "created: OrderCreated v1 from order", "confirmed: ", "preparing: ", "boxed: ",
			"out-for-delivery: ", "delivered: OrderDelivered v1 from delivery"); lack != "" {
			t.Errorf("no %q in %q", lack, told.lines)
		}
	})
}

func TestADeadLetterEndsTheWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := read(t, "poison")
		j, told := r.watch(t, r.play())
		if !j.Ended || j.Err == nil || told.took < 6*time.Second || told.took > 9*time.Second {
			t.Fatalf("after %s: %+v", told.took, j)
		}
		for _, want := range []string{"is confirmed and cannot be delivered", "TicketOpened v1 is in kitchen.ticket-opened.dead", "attempt 4, the last", "traceria dead show kitchen.ticket-opened"} {
			if !strings.Contains(j.Err.Error(), want) {
				t.Errorf("no %q in %q", want, j.Err)
			}
		}
		if lack := lacks(told.lines, "confirmed: ", "attempt 1: kitchen failed to handle TicketOpened v1 (kitchen.poison is switched on); the next attempt comes after 200ms",
			"attempt 2: ", "attempt 3: kitchen failed to handle TicketOpened v1 (kitchen.poison is switched on); the next attempt comes after 5s",
			"attempt 4: ", "dead: TicketOpened v1 is in kitchen.ticket-opened.dead"); lack != "" {
			t.Errorf("no %q in %q", lack, told.lines)
		}
		if lack := lacks(told.waits, "kitchen.ticket-opened, which holds TicketOpened v1 after attempt 3 failed"); lack != "" {
			t.Errorf("no %q in %q", lack, told.waits)
		}
	})
}

// Without Jaeger RabbitMQ tells of the dead letter. The letters of other orders change nothing.
func TestADeadLetterIsFoundWithoutJaeger(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := read(t, "poison")
		sources := r.play()
		sources.Spans = func(context.Context, string) ([]tracetree.Span, error) { return nil, errors.New("Jaeger is away") }
		died := r.began.Add(6 * time.Second)
		rabbitMQ := &rabbit{from: died, inHand: 1, letters: []broker.Letter{
			{ConversationID: "another", Reason: "unreadable"},
			{ConversationID: r.Order.OrderID, Event: "TicketOpened", Version: "v1", Reason: "attempts-used-up", Error: "burnt", Attempts: 4, DiedAt: &died},
		}}
		sources.Broker = rabbitMQ
		j, told := r.watch(t, sources)
		if !j.Ended || j.Err == nil || !strings.Contains(j.Err.Error(), "TicketOpened v1 is in kitchen.ticket-opened.dead (attempts-used-up: burnt)") || told.took > 9*time.Second {
			t.Errorf("after %s: %v", told.took, j.Err)
		}
		if lack := lacks(told.lines, "note: Jaeger cannot be read", "dead: "); lack != "" {
			t.Errorf("no %q in %q", lack, told.lines)
		}
		if n := len(slices.DeleteFunc(told.lines, func(line string) bool { return !strings.HasPrefix(line, "note") })); n != 1 {
			t.Errorf("Jaeger's absence is noted %d times", n)
		}
		if rabbitMQ.looks != 2 {
			t.Errorf("the letters were read %d times, want once more after another reader had one in hand", rabbitMQ.looks)
		}
	})
}

// A redrive is another chance: the old dead letter ends nothing.
func TestARedriveIsWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := read(t, "poison")
		sources := r.play()
		redrive := r.Spans[len(r.Spans)-1]
		for _, s := range r.Spans {
			if strings.HasPrefix(s.Name, "send kitchen.dead:") {
				redrive = s
			}
		}
		redrive.SpanID, redrive.Start = "00000000000000aa", redrive.Start.Add(4*time.Second)
		redrive.Attributes = map[string]any{
			"messaging.operation.type": "send", "messaging.destination.name": "kitchen.retry:kitchen.ticket-opened",
			"messaging.rabbitmq.destination.routing_key": "kitchen.ticket-opened", "messaging.message.id": redrive.Attributes["messaging.message.id"],
		}
		r.Spans = append(r.Spans, redrive)
		died := redrive.Start.Add(-time.Second) // the letter of before, which is seen late
		sources.Broker = &rabbit{letters: []broker.Letter{{ConversationID: r.Order.OrderID, DiedAt: &died}}}
		time.Sleep(20 * time.Second)
		j, told := r.watch(t, sources)
		if j.Ended || told.took < 2*time.Minute {
			t.Errorf("it ends after %s: %v", told.took, j.Err)
		}
		if want := "kitchen.ticket-opened, which holds TicketOpened v1: "; lacks(told.waits, want) != "" {
			t.Errorf("no %q in %q", want, told.waits)
		}
	})
}

func TestTheQueueThatHoldsAnOrderIsNamed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		counts map[string]broker.QueueCount
		err    error
		want   string
	}{
		"delivered":  {map[string]broker.QueueCount{"kitchen.ticket-opened": {Consumers: 1}}, nil, "RabbitMQ has delivered it to kitchen, which has not acked it"},
		"ready":      {map[string]broker.QueueCount{"kitchen.ticket-opened": {Ready: 3, Consumers: 1}}, nil, "3 messages are ready in it"},
		"no one":     {map[string]broker.QueueCount{"kitchen.ticket-opened": {Ready: 1}}, nil, "no consumer takes messages from it"},
		"no look":    {nil, nil, "kitchen has not handled it"},
		"no kitchen": {nil, errors.New("does not answer"), "kitchen: does not answer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := read(t, "slow")
				sources := r.play()
				for i, s := range r.Spans { // longer than it was
					if strings.Contains(s.Name, "process kitchen.private") {
						r.Spans[i].Duration += 8 * time.Second
					}
				}
				for i, e := range r.Order.Timeline {
					if e.Event != "OrderCreated" && e.Event != "OrderConfirmed" && e.Event != "LoyaltyPointsEarned" {
						r.Order.Timeline[i].At = e.At.Add(8 * time.Second)
					}
				}
				sources.Broker = &rabbit{from: r.began.Add(time.Hour), counts: test.counts}
				sources.Service = func(_ context.Context, service string) (host.Readiness, error) {
					if service == "kitchen" {
						return host.Readiness{}, test.err
					}
					return host.Readiness{}, nil
				}
				j, told := r.watch(t, sources)
				if j.Err != nil || j.Order.Status != "delivered" {
					t.Errorf("it ends with %s, %v", j.Order.Status, j.Err)
				}
				if want := "kitchen.ticket-opened, which holds TicketOpened v1: " + test.want; lacks(told.waits, want) != "" {
					t.Errorf("no %q in %q", want, told.waits)
				}
			})
		})
	}
}

func TestARejectionEndsTheWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := read(t, "rejected")
		sources := r.play()
		for i, e := range r.Order.Timeline { // a second after the rejection, so that the order is seen between the two
			if e.Event == "OrderCancelled" {
				r.Order.Timeline[i].At = e.At.Add(time.Second)
			}
		}
		j, told := r.watch(t, sources)
		if !j.Ended || j.Err == nil || !strings.Contains(j.Err.Error(), "is rejected by the kitchen: "+r.Order.Rejection) || r.Order.Rejection == "" {
			t.Errorf("%+v", j)
		}
		if lack := lacks(told.lines, "rejected: OrderRejected v1 from kitchen: "+r.Order.Rejection); lack != "" {
			t.Errorf("no %q in %q", lack, told.lines)
		}
	})
}

func TestTheCustomersCancellationIsNoFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := read(t, "slow")
		sources := r.play()
		r.Order.Timeline = append(r.Order.Timeline[:2:2], orderclient.Entry{Event: "OrderCancelled", Version: "v1", Service: "order", At: time.Now().Add(time.Second)})
		if j, _ := r.watch(t, sources); !j.Ended || j.Err != nil || j.Order.Status != "cancelled" {
			t.Errorf("%+v", j)
		}
	})
}

// The consumer acked before the work was done, and died: there is no dead letter, and nothing comes again.
func TestALostMessageEndsTheWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := read(t, "delivered")
		sources := r.play()
		for i, s := range r.Spans {
			if strings.HasSuffix(s.Name, ":delivery.order-boxed") {
				r.Spans[i].Status, r.Spans[i].StatusMessage = tracetree.StatusError, "the process dies"
			}
		}
		r.Order.Timeline = slices.DeleteFunc(r.Order.Timeline, func(e orderclient.Entry) bool { return e.Service == "delivery" })
		r.Spans = slices.DeleteFunc(r.Spans, func(s tracetree.Span) bool { return strings.Contains(s.Name, "events:delivery.") })
		j, told := r.watch(t, sources)
		if !j.Ended || j.Err == nil || !strings.Contains(j.Err.Error(), "is boxed and cannot be delivered: delivery acked OrderBoxed v1 in delivery.order-boxed") || told.took > 6*time.Second {
			t.Errorf("after %s: %v", told.took, j.Err)
		}
		if lack := lacks(told.lines, "lost: delivery acked"); lack != "" {
			t.Errorf("no %q in %q", lack, told.lines)
		}
	})
}

// A dead letter of loyalty is told, and the order is delivered all the same.
func TestADeadLetterBesideTheWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := read(t, "slow")
		sources := r.play()
		for i, s := range r.Spans {
			if strings.HasSuffix(s.Name, ":loyalty.order-confirmed") {
				r.Spans[i].Status, r.Spans[i].StatusMessage = tracetree.StatusError, "no such customer"
				r.Spans[i].Attributes["traceria.message.settled"] = "dead"
			}
		}
		j, told := r.watch(t, sources)
		if j.Err != nil || j.Order.Status != "delivered" {
			t.Errorf("%s, %v", j.Order.Status, j.Err)
		}
		if lack := lacks(told.lines, "dead: OrderConfirmed v1 is in loyalty.order-confirmed.dead (no such customer)", "delivered: "); lack != "" {
			t.Errorf("no %q in %q", lack, told.lines)
		}
	})
}

func TestWithoutSpansTheStatusSaysWhatIsAwaited(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := read(t, "poison")
		sources := r.play()
		sources.Spans = func(context.Context, string) ([]tracetree.Span, error) { return nil, tracetree.ErrNotFound }
		sources.Service = func(_ context.Context, name string) (host.Readiness, error) {
			return host.Readiness{Outbox: &host.Outbox{Waiting: map[string]int{"kitchen": 2}[name]}}, nil
		}
		sources.Broker = &rabbit{from: r.began.Add(time.Hour), counts: map[string]broker.QueueCount{"kitchen.order-confirmed": {Ready: 1}}}
		j, told := r.watch(t, sources)
		if j.Ended {
			t.Errorf("it ends with %v", j.Err)
		}
		if lack := lacks(told.lines, "note: Jaeger has no span of order "+r.Order.OrderID); lack != "" {
			t.Errorf("no %q in %q", lack, told.lines)
		}
		want := "a report from kitchen (kitchen.order-confirmed, kitchen.ticket-opened); 2 events wait in the outbox of kitchen; kitchen.order-confirmed has no consumer"
		if lacks(told.waits, want) != "" {
			t.Errorf("no %q in %q", want, told.waits)
		}
	})
}

func TestTheLastLookGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := read(t, "poison")
		sources := r.play()
		w := journey.New(sources, []orderclient.Order{{OrderID: r.Order.OrderID, Status: "created"}}, &heard{})
		w.LastLook(t.Context(), errors.New("time is over"))
		if j := w.Journeys()[0]; j.Ended || j.Err == nil || !strings.HasSuffix(j.Err.Error(), " is still created: time is over") {
			t.Errorf("%+v", j)
		}
	})
}

func TestTheWayLeadsThroughTheTopology(t *testing.T) {
	t.Parallel()
	for _, queue := range journey.Way() {
		known := false
		for _, s := range pizzeria.Default().Subscriptions {
			known = known || s.Queue() == queue
		}
		if !known {
			t.Errorf("there is no queue %s", queue)
		}
	}
}
