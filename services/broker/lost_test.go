package broker_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"traceria/services/broker"
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

// watch runs Watch until the test or stop ends it.
func (b *bundle) watch(t *testing.T, topology broker.Topology, a *asker) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { topology.Watch(ctx, b.url, "", func(string) {}, a.ask) })
	stop = func() { cancel(); running.Wait() }
	t.Cleanup(stop)
	return stop
}

// has tells whether there is such a queue.
func (b *bundle) has(t *testing.T, queue string) bool {
	t.Helper()
	conn, err := broker.Dial(t.Context(), b.url, "the test")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	ch, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	_, err = ch.QueueDeclarePassive(queue, true, false, false, false, nil)
	return err == nil
}

func (b *bundle) remove(t *testing.T, queue string) {
	t.Helper()
	if _, err := b.channel(t).QueueDelete(queue, false, false, false); err != nil {
		t.Fatal(err)
	}
}

const askedMark = "traceria.topology.asked"

// wantAsked holds what comes next against what must be asked for.
func wantAsked(t *testing.T, why string, a *asker, s broker.Subscription) {
	t.Helper()
	want := asked{s.Event.Domain, []string{s.Event.RoutingKey()}}
	if diff := cmp.Diff(want, receive(t, a.news), cmp.AllowUnexported(asked{})); diff != "" {
		t.Errorf("%s: (-want +got)\n%s", why, diff)
	}
}

// Whatever took messages with it, the producers are asked for them: once each, and when everything stands they are asked
// for nothing.
func TestProducersAreAskedForWhatWasLost(t *testing.T) {
	t.Parallel()
	b, a, s := newBundle(t), newAsker(), boxed(nil)
	topology := broker.Topology{Subscriptions: []broker.Subscription{s}}
	stop := b.watch(t, topology, a)
	wantAsked(t, "a broker that is new", a, s)
	eventually(t, "the mark stands", func() bool { return b.has(t, askedMark) })
	stop()
	b.watch(t, topology, a)
	for _, queue := range []string{s.Queue(), s.RetryQueue(broker.DefaultBackOff[0]), s.DeadQueue()} {
		b.remove(t, queue) // also the first time: had the second watcher asked for all at its start, two would come
		wantAsked(t, queue, a, s)
		eventually(t, "the mark stands", func() bool { return b.has(t, askedMark) && b.has(t, queue) })
	}
	if err := b.channel(t).ExchangeDelete(s.Event.Exchange, false, false); err != nil {
		t.Fatal(err)
	}
	wantAsked(t, "the exchange", a, s)
	eventually(t, "the mark stands", func() bool { return b.has(t, askedMark) })
	b.remove(t, s.Queue())
	if err := topology.Apply(b.conn(t)); err != nil { // somebody else is faster
		t.Fatal(err)
	}
	wantAsked(t, "declared by somebody else", a, s)
	eventually(t, "the mark stands", func() bool { return b.has(t, askedMark) })
	if len(a.news) > 0 {
		t.Errorf("once more it asks for %v", <-a.news)
	}
}

// A producer that is away is asked again, also by the next watcher when the first one died before it had the answer.
func TestTheNeedToAskOutlivesTheWatcher(t *testing.T) {
	t.Parallel()
	b, a, s := newBundle(t), newAsker(), boxed(nil)
	topology := broker.Topology{Subscriptions: []broker.Subscription{s}}
	stop := b.watch(t, topology, a)
	wantAsked(t, "a broker that is new", a, s)
	eventually(t, "the mark stands", func() bool { return b.has(t, askedMark) })
	a.set(true)
	b.remove(t, s.Queue())
	eventually(t, "it asks in vain", func() bool { return a.refusals() > 1 && b.has(t, s.Queue()) })
	if b.has(t, askedMark) {
		t.Error("the mark says that all is asked")
	}
	stop()
	a.set(false)
	b.watch(t, topology, a)
	wantAsked(t, "the next watcher", a, s)
	eventually(t, "the mark stands", func() bool { return b.has(t, askedMark) })
}

// The events of several versions, and of queues that share one, are named once.
func TestWhatIsLostWithAQueue(t *testing.T) {
	t.Parallel()
	s := boxed(nil)
	other := s
	other.Subscriber = "witness"
	topology := broker.Topology{Subscriptions: []broker.Subscription{s, other}}
	lost := topology.Lost([]string{"queue " + s.Queue(), "exchange " + s.Event.Exchange})
	if diff := cmp.Diff(map[string][]string{s.Event.Domain: {s.Event.RoutingKey()}}, lost); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if lost := topology.Lost([]string{"exchange " + s.RetryExchange(), "queue of.somebody-else"}); len(lost) > 0 {
		t.Errorf("nothing was in an exchange of retries: %v", lost)
	}
}
