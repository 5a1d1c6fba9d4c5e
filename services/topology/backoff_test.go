package topology_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"traceria/services/event"
	"traceria/services/topology"
)

func TestDelaysAreReadForAllAndForSingleSubscriptions(t *testing.T) {
	t.Parallel()
	subscriptions := []topology.Subscription{{Subscriber: "delivery", Event: event.OrderBoxedV1}, {Subscriber: "loyalty", Event: event.OrderBoxedV1}}
	const ms = time.Millisecond
	for text, want := range map[string][2][]time.Duration{
		"":                              {topology.DefaultBackOff, topology.DefaultBackOff},
		"10ms, 1s":                      {{10 * ms, time.Second}, {10 * ms, time.Second}},
		"none":                          {{}, {}},
		"1s;delivery.order-boxed=2s,2s": {{2 * time.Second, 2 * time.Second}, {time.Second}},
		"loyalty.order-boxed=none":      {topology.DefaultBackOff, {}},
	} {
		b, err := topology.ParseBackOff(text)
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
	if b, err := topology.ParseBackOff("bakery.order-boxed=1s"); err != nil || !slices.Equal(b.Unknown(subscriptions), []string{"bakery.order-boxed"}) {
		t.Errorf("got %v, %v", b.Unknown(subscriptions), err)
	}
}

func TestDelaysThatMakeNoSenseAreNamed(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"soon", "1", "-1s", "0s", "1us", "2h", "1.5ms", "1s,,2s", "a=b", "1s;2s", "=1s", "1s; =1s", "a.b=1s;2s;a.b=1s", strings.Repeat("1s,", 10) + "1s"} {
		if _, err := topology.ParseBackOff(text); err == nil || !strings.Contains(err.Error(), "want") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
