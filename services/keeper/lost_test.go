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
	"traceria/services/keeper"
	"traceria/services/topology"
)

// asked is what a producer was asked for, each time.
type asked struct {
	producer string
	keys     []string
}

// asker is the producers' side: it keeps what it was asked for, and does not answer while it is away.
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

// wantAsked holds what comes next against what must be asked for.
func wantAsked(t *testing.T, why string, a *asker, s broker.Subscription) {
	t.Helper()
	want := asked{s.Event.Domain, []string{s.Event.RoutingKey()}}
	if diff := cmp.Diff(want, brokertest.Receive(t, a.news), cmp.AllowUnexported(asked{})); diff != "" {
		t.Errorf("%s: (-want +got)\n%s", why, diff)
	}
}

// Whatever took messages with it, the producers are asked for them: once each, and when everything stands they are asked
// for nothing.
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
		b.Remove(t, queue) // also the first time: had the second watcher asked for all at its start, two would come
		wantAsked(t, queue, a, s)
		brokertest.Eventually(t, "the mark stands", func() bool { return b.Has(t, askedMark) && b.Has(t, queue) })
	}
	if err := b.Channel(t).ExchangeDelete(s.Event.Exchange, false, false); err != nil {
		t.Fatal(err)
	}
	wantAsked(t, "the exchange", a, s)
	brokertest.Eventually(t, "the mark stands", func() bool { return b.Has(t, askedMark) })
	b.Remove(t, s.Queue())
	if err := keeper.Apply(b.Conn(t), all); err != nil { // somebody else is faster
		t.Fatal(err)
	}
	wantAsked(t, "declared by somebody else", a, s)
	brokertest.Eventually(t, "the mark stands", func() bool { return b.Has(t, askedMark) })
	if len(a.news) > 0 {
		t.Errorf("once more it asks for %v", <-a.news)
	}
}

// A producer that is away is asked again, also by the next watcher when the first one died before it had the answer.
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

// The events of several versions, and of queues that share one, are named once.
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
	if lost := all.Lost([]string{"exchange " + s.RetryExchange(), "queue of.somebody-else"}); len(lost) > 0 {
		t.Errorf("nothing was in an exchange of retries: %v", lost)
	}
}
