package store_test

import (
	"strings"
	"testing"
	"time"

	"traceria/services/event"
)

// An event is found before and after it was sent, in the version that was asked for, as long as it is kept.
func TestAnEventIsFoundByItsMessageID(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		b, w := open(t, url), newWire()
		b.placeMany(t, "o", 3)
		var ids []string
		rows, err := b.QueryContext(t.Context(), `SELECT event_id FROM outbox ORDER BY id`)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var id string
			if err := rows.Scan(&id); err != nil {
				t.Fatal(err)
			}
			ids = append(ids, id)
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
		find := func(id, version string) (event.Envelope, bool) {
			t.Helper()
			e, found, err := b.Find(t.Context(), id, id+version)
			if err != nil {
				t.Fatal(err)
			}
			return e, found
		}
		check := func(when string) {
			t.Helper()
			for n, id := range ids {
				e, found := find(id, ".v1")
				if !found || e.Metadata.EventID != id || e.Metadata.EventType != "OrderBoxed" || !strings.Contains(string(e.Data), `"o-`+string(rune('0'+n))) {
					t.Errorf("%s: %t, %+v", when, found, e)
				}
				if _, found := find(id, ".v2"); found {
					t.Errorf("%s: a version that was never stored is found", when)
				}
			}
			if _, found := find("no-such-event", ".v1"); found {
				t.Errorf("%s: an unknown event is found", when)
			}
		}
		check("before it was sent")
		b.relay(t, w)
		eventually(t, "all are sent", func() bool { return w.all(3, 1, 0) && b.empty(t) })
		check("after it was sent")
		b.KeepSent(time.Nanosecond)
		eventually(t, "it is forgotten", func() bool { _, found := find(ids[0], ".v1"); return !found })
	})
}

// Search by event id uses an index: the sent messages of an hour may be a million.
func TestFindingAnEventNeedsNoScan(t *testing.T) {
	t.Parallel()
	b := open(t, sqliteURL(t))
	rows, err := b.QueryContext(t.Context(), `EXPLAIN QUERY PLAN SELECT envelope FROM sent WHERE event_id = $1`, "x")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id, parent, unused int
		var plan string
		if err := rows.Scan(&id, &parent, &unused, &plan); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(plan, "USING INDEX sent_event") {
			t.Errorf("the plan is %s", plan)
		}
	}
}
