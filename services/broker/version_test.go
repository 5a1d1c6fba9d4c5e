package broker_test

import (
	"context"
	"errors"
	"maps"
	"strconv"
	"strings"
	"sync"
	"testing"

	"traceria/services/broker"
	"traceria/services/broker/brokertest"
	"traceria/services/event"
	"traceria/services/topology"
)

// seen are the facts that a subscriber has handled, and how many it handled in each version.
type seen struct {
	sync.Mutex
	facts    map[string]bool
	versions map[string]int
}

func (s *seen) subscription(versions ...event.Type) broker.Subscription {
	return broker.Subscription{
		Subscription: topology.Subscription{Subscriber: "loyalty", Event: event.OrderConfirmedV1, Versions: versions},
		Handle: func(_ context.Context, e event.Envelope) error {
			s.Lock()
			defer s.Unlock()
			s.facts[e.Metadata.EventID] = true
			s.versions[e.Metadata.Version]++
			return nil
		},
	}
}

func (s *seen) has(facts []string) bool {
	s.Lock()
	defer s.Unlock()
	for _, id := range facts {
		if !s.facts[id] {
			return false
		}
	}
	return true
}

func (s *seen) count(version string) int {
	s.Lock()
	defer s.Unlock()
	return s.versions[version]
}

// fact is one confirmation in the given versions.
func fact(t *testing.T, id string, versions ...event.Type) []event.Outgoing {
	t.Helper()
	whole := event.OrderConfirmed{OrderID: id, DeliveryAddressID: "a", Items: []event.Item{{ItemName: "m", Quantity: "1"}}}
	value := event.Pence(100)
	made, err := event.New(t.Context(), "order", id, event.OrderConfirmedNumber{OrderConfirmed: whole, OrderValue: &value},
		event.OrderConfirmedMoney{OrderConfirmed: whole, OrderValue: &event.Money{Value: value, Currency: "GBP"}})
	if err != nil {
		t.Fatal(err)
	}
	var all []event.Outgoing
	for _, e := range made {
		for _, v := range versions {
			if e.Metadata.Version == v.Version {
				all = append(all, event.Outgoing{Envelope: e})
			}
		}
	}
	return all
}

// The steps of services/event/README.md, with orders at each step, some of them sent without a consumer.
func TestASubscriberMovesToTheNextVersionAndLosesNothing(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	got := &seen{facts: map[string]bool{}, versions: map[string]int{}}
	v1, v2 := event.OrderConfirmedV1, event.OrderConfirmedV2
	b.Apply(t, got.subscription(v1),
		broker.Subscription{Subscription: topology.Subscription{Subscriber: "kitchen", Event: v2}}) // bound to v2 all the time
	publisher := b.Publisher(t, topology.Topology{})
	brokertest.Ready(t, publisher)
	var facts []string
	orders := func(versions ...event.Type) {
		for range 20 {
			batch := fact(t, "o-"+strconv.Itoa(len(facts)), versions...)
			brokertest.Send(t, publisher, batch...)
			facts = append(facts, batch[0].Envelope.Metadata.EventID)
		}
	}
	for _, step := range []struct{ bound, published []event.Type }{
		{[]event.Type{v1}, []event.Type{v1, v2}},
		{[]event.Type{v1, v2}, []event.Type{v1, v2}},
		{[]event.Type{v1, v2}, []event.Type{v2}},
		{[]event.Type{v2}, []event.Type{v2}},
	} {
		orders(step.published...) // they wait in the queue, which has the bindings of the step before
		b.Apply(t, got.subscription(step.bound...))
		c, stop := b.Consumer(t, got.subscription(step.bound...))
		brokertest.Ready(t, c)
		orders(step.published...)
		brokertest.Eventually(t, "every fact was handled", func() bool { return got.has(facts) })
		stop()
	}
	if got.count("v1") == 0 || got.count("v2") == 0 {
		t.Errorf("versions handled: %v", got.versions)
	}
	// The spans of v1 are marked as deprecated (RFC 0001), those of v2 are not.
	marked := map[string]bool{}
	for _, span := range b.Memory.Spans() {
		kind, _, _ := strings.Cut(span.Name, " ")
		for _, version := range []string{"v1", "v2"} {
			if strings.Contains(span.Name, "order.order-confirmed."+version) && span.Attributes["traceria.event.deprecated"] == true {
				marked[kind+" "+version] = true
			}
		}
	}
	if want := map[string]bool{"send v1": true, "process v1": true}; !maps.Equal(marked, want) {
		t.Errorf("deprecated on %v, want %v", marked, want)
	}
	// No queue is bound to v1 any more, and the broker reports it.
	for _, err := range publisher.Publish(t.Context(), fact(t, "o", v1)) {
		if !errors.Is(err, event.ErrUnroutable) {
			t.Errorf("v1 after the last step: %v, want ErrUnroutable", err)
		}
	}
}

// Messages in the queue are handled after the subscriber has moved to another version.
func TestWhatIsLeftOfAVersionIsStillRead(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	got := &seen{facts: map[string]bool{}, versions: map[string]int{}}
	b.Apply(t, got.subscription(event.OrderConfirmedV1))
	publisher := b.Publisher(t, topology.Topology{})
	left := fact(t, "o-1", event.OrderConfirmedV1)
	brokertest.Send(t, publisher, left...)
	b.Consumer(t, got.subscription(event.OrderConfirmedV2))
	brokertest.Eventually(t, "v1 is handled", func() bool { return got.has([]string{left[0].Envelope.Metadata.EventID}) })
}
