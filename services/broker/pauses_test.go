package broker

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"traceria/telemetry"
)

func TestPausesGrowToACeilingAndBeginAnew(t *testing.T) {
	t.Parallel()
	p := pauses{most: time.Second}
	for _, want := range []time.Duration{100, 200, 400, 800, 1000, 1000} {
		want *= time.Millisecond
		if got := p.next(); got < want/2 || got >= want/2+want {
			t.Errorf("a pause of %s, want %s to %s", got, want/2, want/2+want)
		}
	}
	if p.after(time.Now()); p.last != time.Second {
		t.Error("it begins anew although nothing has worked")
	}
	if p.after(time.Now().Add(-2 * time.Second)); p.next() >= 150*time.Millisecond {
		t.Error("it does not begin anew")
	}
}

// A broker that is away for ten minutes is dialled every three seconds, spread by half, and not ever more seldom.
func TestABrokerThatStaysAwayIsDialledEveryThreeSeconds(t *testing.T) {
	t.Parallel()
	tel, err := telemetry.Start(t.Context(), telemetry.Config{Service: "test", Memory: &telemetry.Memory{}, LogOutput: t.Output()})
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) { // its clock runs when everybody waits
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		s := newSession(Config{URL: "amqp://127.0.0.1:1/", Telemetry: tel}, "publish")
		s.run(ctx, nil)
		if n := s.seen.open["publish"].attempts; n < 160 || n > 260 { // 205 on average
			t.Errorf("dialled %d times in ten minutes", n)
		}
	})
}

// A producer that is away for ten minutes is asked every ten seconds.
func TestAProducerThatStaysAwayIsAskedEveryTenSeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		var w wishes
		w.add(map[string][]string{"kitchen": {"kitchen.order-boxed.v1"}})
		n := 0
		w.run(ctx, func(context.Context, string, []string, time.Duration) (int, error) {
			n++
			return 0, errors.New("away")
		}, func(string) {})
		if n < 50 || n > 85 { // 66 on average
			t.Errorf("asked %d times in ten minutes", n)
		}
	})
}
