package broker

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"traceria/telemetry"
)

// A broker is unavailable for ten minutes: it is dialled every three seconds on average, to the end.
func TestABrokerThatStaysAwayIsDialledEveryThreeSeconds(t *testing.T) {
	t.Parallel()
	tel, err := telemetry.Start(t.Context(), telemetry.Config{Service: "test", Memory: &telemetry.Memory{}, LogOutput: t.Output()})
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) { // its clock advances when all goroutines wait
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		s := newSession(Config{URL: "amqp://127.0.0.1:1/", Telemetry: tel}, "publish")
		s.run(ctx, nil)
		if n := s.seen.open["publish"].attempts; n < 160 || n > 260 { // 205 on average
			t.Errorf("dialled %d times in ten minutes", n)
		}
	})
}
