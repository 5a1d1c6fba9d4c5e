package console_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"traceria/telemetry/tracetree"
)

// A long list comes in parts. Only the last has an id, so that a reader that was cut between them gets all of them again.
func TestALongListComesInParts(t *testing.T) {
	t.Parallel()
	const orders = 1100
	c := run(t, false)
	var spans []tracetree.Span
	for n := range orders {
		spans = append(spans, order(fmt.Sprintf("o-%d", n), "anna", n, time.Now())...)
	}
	c.feed(t, spans...)
	c.rows(t, "limit=1", orders)
	r := c.listen(t, "topics=journeys")
	seen := map[string]bool{}
	for part, want := range []int{500, 500, 100} {
		e := r.next(t, "journeys")
		got := e.change(t)
		last := part == 2
		if len(got.Upsert) != want || got.Reset != (part == 0) || (e.id != "") != last || strings.Contains(e.data, `"more":true`) == last || got.Remove == nil {
			t.Fatalf("part %d has %d rows, reset %v, id %q: %.100s", part, len(got.Upsert), got.Reset, e.id, e.data)
		}
		if last && (got.Total != orders || len(got.Counts) == 0 || got.Now.IsZero()) {
			t.Errorf("the last part says %d of all, counts %v", got.Total, got.Counts)
		}
		for _, row := range got.Upsert {
			seen[row.ID] = true
		}
	}
	if len(seen) != orders {
		t.Errorf("the parts have %d journeys, want %d", len(seen), orders)
	}
}
