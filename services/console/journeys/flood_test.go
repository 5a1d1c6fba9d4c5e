package journeys

import (
	"testing"
	"time"

	"traceria/telemetry/tracetree"
)

// At any speed of arrival, the limit holds as many journeys as it does at rest: what is not at rest yet is compressed before anything
// is dropped.
func TestAFloodIsCompressedBeforeItIsDropped(t *testing.T) {
	t.Parallel()
	c := newClock(epoch)
	s := opened(t, Options{Now: c.now, Limit: 4 << 20})
	const orders = 300 // they take 2.8 MB at rest and 20 MB when they are open
	var all [][]tracetree.Span
	for n := range orders {
		all = append(all, newOrder(n, false))
	}
	for from := 0; from < 35; from += 12 { // each order arrives in three parts
		for n := range orders {
			s.Add(all[n][from:min(from+12, 35):min(from+12, 35)], SourceOTLP)
			if m := s.Memory(); m.Bytes > 4<<20 {
				t.Fatalf("%d bytes", m.Bytes)
			}
		}
		c.add(100 * time.Millisecond)
	}
	s.Flush()
	audit(t, s)
	if m := s.Memory(); m.Journeys != orders || m.Spans != orders*35 || m.DroppedSpans != 0 {
		t.Errorf("%+v", m)
	}
}
