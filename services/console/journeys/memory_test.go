package journeys

import (
	"runtime"
	"testing"
	"time"
)

// heap is the memory that is in use after a collection.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// The account and the growth of the heap are within a factor of 1.5 of each other. 64 MiB hold 5,000 orders with their rows. The test
// runs alone: others would use the heap too.
func TestTheAccountIsHonest(t *testing.T) {
	if raced {
		t.Skip("the race detector changes the heap: make test runs it without")
	}
	seal(newOrder(0, false), nil) // the compressor takes 3 MB once
	orders := 5000
	if testing.Short() {
		orders = 500
	}
	for _, linked := range []bool{false, true} {
		if linked {
			orders = min(orders, 1000) // each is 12 traces; the ratio is the same for more
		}
		c := newClock(epoch)
		before := heap()
		s := New(Options{Now: c.now})
		compare := func(when string) {
			used, m := heap()-before, s.Memory()
			ratio := float64(used) / float64(m.Bytes)
			t.Logf("linked %t, %s: %d journeys, accounted %d bytes, the heap grew by %d, %.2f; a journey takes %d, with %d spans dropped",
				linked, when, m.Journeys, m.Bytes, used, ratio, m.Bytes/int64(m.Journeys), m.DroppedSpans)
			if ratio > 1.5 || ratio < 1/1.5 {
				t.Errorf("linked %t, %s: accounted %d bytes, the heap grew by %d", linked, when, m.Bytes, used)
			}
			if !linked && m.DroppedJourneys > 0 {
				t.Errorf("%s: %d journeys did not find room", when, m.DroppedJourneys)
			}
		}
		fill(t, s, 0, 250, linked)
		s.Flush()
		compare("in work")
		for n := 250; n < orders; n += 250 {
			fill(t, s, n, n+250, linked)
			c.add(5 * time.Second) // 50 orders a second
			s.Flush()
		}
		c.add(time.Minute)
		s.Flush()
		compare("at rest")
		s.Close()
	}
}
