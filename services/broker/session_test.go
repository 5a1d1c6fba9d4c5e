package broker

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"traceria/telemetry"
)

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
