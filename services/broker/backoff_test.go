package broker_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"traceria/services/broker"
	"traceria/services/event"
)

func TestDelaysAreReadForAllAndForSingleSubscriptions(t *testing.T) {
	t.Parallel()
	subscriptions := []broker.Subscription{boxed(nil), {Subscriber: "loyalty", Event: event.OrderBoxedV1}}
	const ms = time.Millisecond
	for text, want := range map[string][2][]time.Duration{
		"":                              {broker.DefaultBackOff, broker.DefaultBackOff},
		"10ms, 1s":                      {{10 * ms, time.Second}, {10 * ms, time.Second}},
		"none":                          {{}, {}},
		"1s;delivery.order-boxed=2s,2s": {{2 * time.Second, 2 * time.Second}, {time.Second}},
		"loyalty.order-boxed=none":      {broker.DefaultBackOff, {}},
	} {
		b, err := broker.ParseBackOff(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		for i, s := range b.Of(subscriptions) {
			if s.BackOff == nil || !slices.Equal(s.BackOff, want[i]) {
				t.Errorf("%q: %s has %v, want %v", text, s.Queue(), s.BackOff, want[i])
			}
		}
		if unknown := b.Unknown(subscriptions); len(unknown) != 0 {
			t.Errorf("%q: unknown %v", text, unknown)
		}
	}
	if b, err := broker.ParseBackOff("bakery.order-boxed=1s"); err != nil || !slices.Equal(b.Unknown(subscriptions), []string{"bakery.order-boxed"}) {
		t.Errorf("got %v, %v", b.Unknown(subscriptions), err)
	}
}

func TestDelaysThatMakeNoSenseAreNamed(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"soon", "1", "-1s", "0s", "1us", "2h", "1.5ms", "1s,,2s", "a=b", "1s;2s", "=1s", "1s; =1s", "a.b=1s;2s;a.b=1s", strings.Repeat("1s,", 10) + "1s"} {
		if _, err := broker.ParseBackOff(text); err == nil || !strings.Contains(err.Error(), "want") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// A message whose headers say that it had more retries than there are delays, because the configuration changed, dies at
// its next failure instead of looking for a delay that is not there.
func TestASubscriptionWithFewerDelaysThanBefore(t *testing.T) {
	t.Parallel()
	b := newBundle(t)
	s := boxed(alwaysFails)
	s.BackOff = []time.Duration{}
	b.apply(t, s)
	message := outgoing(t, "o-1")
	b.put(t, s, headed(bodyOf(t, message), "traceria-retry", int64(3)))
	b.put(t, s, headed(bodyOf(t, message), "traceria-retry", int64(1)<<40))
	b.consumer(t, s)
	eventually(t, "both are dead", func() bool { return b.count(t, s.DeadQueue()) == 2 })
}
