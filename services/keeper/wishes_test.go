package keeper

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// A producer is unavailable for ten minutes: it is asked every ten seconds on average.
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
