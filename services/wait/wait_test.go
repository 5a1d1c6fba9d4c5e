package wait_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"traceria/services/wait"
)

func TestForWaitsUntilTheTimeIsOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		if err := wait.For(t.Context(), time.Minute); err != nil || time.Since(began) != time.Minute {
			t.Errorf("got %v after %s", err, time.Since(began))
		}
	})
}

func TestForReturnsWhenTheContextEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		if err := wait.For(ctx, time.Minute); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Second {
			t.Errorf("got %v after %s", err, time.Since(began))
		}
	})
}

func TestLongerEndsAGraceLater(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		type key struct{}
		ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "kept"))
		longer, stop := wait.Longer(ctx, time.Minute)
		defer stop()
		if longer.Value(key{}) != "kept" {
			t.Error("the values are gone")
		}
		cancel()
		began := time.Now()
		<-longer.Done()
		if time.Since(began) != time.Minute {
			t.Errorf("it ended %s after its context", time.Since(began))
		}
	})
}

func TestStopEndsLongerAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, ended := range []bool{false, true} {
			ctx, cancel := context.WithCancel(t.Context())
			longer, stop := wait.Longer(ctx, time.Minute)
			if ended {
				cancel()
			}
			began := time.Now()
			stop()
			<-longer.Done()
			if time.Since(began) != 0 {
				t.Errorf("context ended %t: it took %s", ended, time.Since(began))
			}
			cancel()
		}
	})
}
