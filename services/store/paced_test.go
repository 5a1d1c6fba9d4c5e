package store_test

import (
	"testing"
	"time"

	"traceria/services/store"
)

func TestPacedReadsSeldom(t *testing.T) {
	t.Parallel()
	var p store.Paced[int]
	reads := 0
	read := func() (int, error) {
		reads++
		began := time.Now()
		for time.Since(began) < 5*time.Millisecond {
		}
		return reads, nil
	}
	for range 20 {
		if n, err := p.Get(read); n != reads || err != nil {
			t.Fatalf("got %d, %v; want the last reading, %d", n, err, reads)
		}
	}
	if reads != 1 {
		t.Errorf("%d readings of 5 ms in a row, want one", reads)
	}
}

// A reading that waited long for a busy database is repeated soon all the same.
func TestPacedHasALongestPause(t *testing.T) {
	t.Parallel()
	p := store.Paced[int]{Most: time.Millisecond}
	reads := 0
	read := func() (int, error) {
		reads++
		for began := time.Now(); time.Since(began) < 100*time.Millisecond; {
			time.Sleep(time.Millisecond)
		}
		return reads, nil
	}
	for deadline := time.Now().Add(10 * time.Second); reads < 2; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("no second reading within 10 s; want one after 1 ms, not after 200 times 100 ms")
		}
		if _, err := p.Get(read); err != nil {
			t.Fatal(err)
		}
	}
}
