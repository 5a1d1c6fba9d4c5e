package broker

import (
	"bytes"
	"context"
	"runtime"
	"sync"
	"testing"
	"time"
	"weak"

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

// A goroutine that waits for work keeps nothing of the last delivery, which may have 16 MiB.
func TestAnIdleGoroutineKeepsNoDelivery(t *testing.T) {
	var c crew
	body := new([1 << 16]byte)
	kept := weak.Make(body)
	done := make(chan bool)
	c.work(&hand{}, func() { body[0]++; close(done) }, func() {})
	<-done
	for end := time.Now().Add(10 * time.Second); kept.Value() != nil; runtime.GC() {
		if time.Now().After(end) {
			t.Fatal("the delivery is still in memory")
		}
	}
	c.await(t.Context(), func(*hand) {})
}
