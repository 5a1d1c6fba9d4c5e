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
