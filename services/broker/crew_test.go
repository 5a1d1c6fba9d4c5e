package broker

import (
	"bytes"
	"context"
	"runtime"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

// goroutine returns the number of the calling goroutine.
func goroutine() string {
	text := make([]byte, 64)
	number, _, _ := bytes.Cut(bytes.TrimPrefix(text[:runtime.Stack(text, false)], []byte("goroutine ")), []byte(" "))
	return string(number)
}

func TestAGoroutineOfTheCrewWorksAgain(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	var c crew
	seen := map[string]bool{}
	const jobs = 50
	for range jobs {
		ended := make(chan string)
		c.work(&hand{}, func() { ended <- goroutine() }, func() {})
		seen[<-ended] = true
	}
	c.await(context.Background(), func(*hand) {})
	if len(seen) >= jobs {
		t.Errorf("%d jobs, one after the other, had %d goroutines", jobs, len(seen))
	}
}

// A job that is abandoned has its goroutine for itself, and ends it.
func TestAnAbandonedJobEndsItsGoroutine(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	var c crew
	hang, begun := make(chan bool), make(chan bool)
	var late sync.WaitGroup
	late.Add(1)
	h := &hand{}
	c.work(h, func() { close(begun); <-hang }, late.Done)
	<-begun
	over, cancel := context.WithCancel(context.Background())
	cancel()
	var abandoned []*hand
	c.await(over, func(h *hand) { abandoned = append(abandoned, h) })
	if len(abandoned) != 1 || abandoned[0] != h {
		t.Errorf("abandoned %v, want the one that hangs", abandoned)
	}
	close(hang)
	late.Wait()
}
