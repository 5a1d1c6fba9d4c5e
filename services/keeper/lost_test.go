package keeper_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"traceria/services/broker"
	"traceria/services/broker/brokertest"
	"traceria/services/event"
	"traceria/services/keeper"
	"traceria/services/topology"
)

// asked is one question to a producer.
type asked struct {
	producer string
	keys     []string
}

// asker answers for the producers and keeps the questions. It returns an error while away is set.
type asker struct {
	mu     sync.Mutex
	away   bool
	failed int
	news   chan asked
}

func newAsker() *asker { return &asker{news: make(chan asked, 100)} }

func (a *asker) ask(_ context.Context, producer string, keys []string, _ time.Duration) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.away {
		a.failed++
		return 0, errors.New("connection refused")
	}
	a.news <- asked{producer, keys}
	return 1, nil
}

func (a *asker) set(away bool) { a.mu.Lock(); defer a.mu.Unlock(); a.away = away }

func (a *asker) refusals() int { a.mu.Lock(); defer a.mu.Unlock(); return a.failed }

// watch runs a keeper until the test or stop ends it.
func watch(t *testing.T, b *brokertest.Bundle, all topology.Topology, a *asker) (stop func()) {
	t.Helper()
	return keep(t, keeper.Config{Topology: fixed(all), URL: b.URL, Ask: a.ask})
}

// keep runs a keeper until the test or stop ends it.
func keep(t *testing.T, config keeper.Config) (stop func()) {
	t.Helper()
	return brokertest.Until(t, func(ctx context.Context) { keeper.Run(ctx, config) })
}

func fixed(all topology.Topology) func() topology.Topology {
	return func() topology.Topology { return all }
}

const askedMark = "traceria.topology.asked"

// wantAsked compares the next question with the expected one.
func wantAsked(t *testing.T, why string, a *asker, s broker.Subscription) {
	t.Helper()
	want := asked{s.Event.Domain, []string{s.Event.RoutingKey()}}
	if diff := cmp.Diff(want, brokertest.Receive(t, a.news), cmp.AllowUnexported(asked{})); diff != "" {
		t.Errorf("%s: (-want +got)\n%s", why, diff)
	}
}

// The producers are asked once for what each deleted queue or exchange may have lost, and for nothing when everything stands.
func TestProducersAreAskedForWhatWasLost(t *testing.T) {
	t.Parallel()
	b, a, s := brokertest.New(t), newAsker(), brokertest.Boxed(nil)
	all := broker.TopologyOf([]broker.Subscription{s})
	stop := watch(t, b, all, a)
	wantAsked(t, "a broker that is new", a, s)
	brokertest.Eventually(t, "the mark stands", func() bool { return b.Has(t, askedMark) })
	stop()
	watch(t, b, all, a)
	for _, queue := range []string{s.Queue(), s.RetryQueue(topology.DefaultBackOff[0]), s.DeadQueue()} {
		b.Remove(t, queue) // one question: the second keeper has not asked for everything at its start
		wantAsked(t, queue, a, s)
		brokertest.Eventually(t, "the mark stands", func() bool { return b.Has(t, askedMark) && b.Has(t, queue) })
	}
	if err := b.Channel(t).ExchangeDelete(s.Event.Exchange, false, false); err != nil {
		t.Fatal(err)
	}
	wantAsked(t, "the exchange", a, s)
	brokertest.Eventually(t, "the mark stands", func() bool { return b.Has(t, askedMark) })
	b.Remove(t, s.Queue())
	if err := keeper.Apply(b.Conn(t), all); err != nil { // another program is faster
		t.Fatal(err)
	}
	wantAsked(t, "declared by another program", a, s)
	brokertest.Eventually(t, "the mark stands", func() bool { return b.Has(t, askedMark) })
	if len(a.news) > 0 {
		t.Errorf("once more it asks for %v", <-a.news)
	}
}

// A producer that is unavailable is asked again, also by the next keeper when the first one ended before the answer.
func TestTheNeedToAskOutlivesTheWatcher(t *testing.T) {
	t.Parallel()
	b, a, s := brokertest.New(t), newAsker(), brokertest.Boxed(nil)
	all := broker.TopologyOf([]broker.Subscription{s})
	stop := watch(t, b, all, a)
	wantAsked(t, "a broker that is new", a, s)
	brokertest.Eventually(t, "the mark stands", func() bool { return b.Has(t, askedMark) })
	a.set(true)
	b.Remove(t, s.Queue())
	brokertest.Eventually(t, "it asks in vain", func() bool { return a.refusals() > 1 && b.Has(t, s.Queue()) })
	if b.Has(t, askedMark) {
		t.Error("the mark says that all is asked")
	}
	stop()
	a.set(false)
	watch(t, b, all, a)
	wantAsked(t, "the next watcher", a, s)
	brokertest.Eventually(t, "the mark stands", func() bool { return b.Has(t, askedMark) })
}

// A keeper dies after it has declared a queue and before it asks. Something else is missing when the next one looks. It asks
// for both.
func TestARepairThatIsHalfDoneIsAskedFor(t *testing.T) {
	t.Parallel()
	b, a, s := brokertest.New(t), newAsker(), brokertest.Boxed(nil)
	other := broker.Subscription{Subscription: topology.Subscription{Subscriber: "order", Event: event.OrderDeliveredV1}}
	all := broker.TopologyOf([]broker.Subscription{s, other})
	stop := watch(t, b, all, a)
	brokertest.Eventually(t, "the mark stands", func() bool { return b.Has(t, askedMark) })
	stop()
	for len(a.news) > 0 {
		<-a.news
	}
	b.Remove(t, askedMark) // the queue of s was deleted and is declared again
	b.Remove(t, other.Queue())
	watch(t, b, all, a)
	brokertest.Eventually(t, "the mark stands", func() bool { return b.Has(t, askedMark) })
	producers := map[string]bool{}
	for len(a.news) > 0 {
		producers[(<-a.news).producer] = true
	}
	if !producers[s.Event.Domain] || !producers[other.Event.Domain] {
		t.Errorf("it has asked %v, want %s and %s", producers, s.Event.Domain, other.Event.Domain)
	}
}

// An event is named once when several of its queues are lost.
func TestWhatIsLostWithAQueue(t *testing.T) {
	t.Parallel()
	s := brokertest.Boxed(nil)
	other := s
	other.Subscriber = "witness"
	all := broker.TopologyOf([]broker.Subscription{s, other})
	lost := all.Lost([]string{"queue " + s.Queue(), "exchange " + s.Event.Exchange})
	if diff := cmp.Diff(map[string][]string{s.Event.Domain: {s.Event.RoutingKey()}}, lost); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if lost := all.Lost([]string{"exchange " + s.RetryExchange(), "queue of.another-subscriber"}); len(lost) > 0 {
		t.Errorf("nothing was in an exchange of retries: %v", lost)
	}
}
