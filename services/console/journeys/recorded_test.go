package journeys

import (
	"os"
	"slices"
	"testing"

	"traceria/telemetry/otlp"
	"traceria/telemetry/tracetree"
)

// recorded returns the spans of Node's amqplib instrumentation: amqplib-parent or amqplib-links.
func recorded(t testing.TB, name string) []tracetree.Span {
	t.Helper()
	file, err := os.Open("../../../telemetry/conformance/testdata/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	spans, err := otlp.ReadFile(file, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	return spans
}

// without removes attributes, as if the services did not set a conversation id.
func without(spans []tracetree.Span, key string) []tracetree.Span {
	for i := range spans {
		delete(spans[i].Attributes, key)
	}
	return spans
}

// The three baskets are three journeys, whether conversations, links or parents say so.
func TestTheRecordedSpansAreThreeJourneys(t *testing.T) {
	t.Parallel()
	const key = "messaging.conversation_id"
	for name, test := range map[string]struct {
		spans []tracetree.Span
		named bool
	}{
		"parents and conversations": {recorded(t, "amqplib-parent"), true},
		"links and conversations":   {recorded(t, "amqplib-links"), true},
		"parents":                   {without(recorded(t, "amqplib-parent"), key), false},
		"links":                     {without(recorded(t, "amqplib-links"), key), false},
	} {
		s := opened(t, Options{})
		r := s.Add(test.spans, SourceFile)
		rows := s.Rows(Filter{}, Oldest, 0, 0).Rows
		if len(rows) != 3 || !slices.Equal(r.Journeys, ids(rows)) {
			t.Fatalf("%s: %v, %d rows", name, r, len(rows))
		}
		for i, want := range []struct {
			state           State
			spans, attempts int
			dead            int
		}{{Done, 7, 1, 0}, {Done, 8, 2, 0}, {Dead, 7, 1, 1}} {
			row := rows[i]
			if row.State != want.state || row.Spans != want.spans || row.Attempts != want.attempts || row.Dead != want.dead {
				t.Errorf("%s, journey %d: %+v", name, i, row)
			}
			if !slices.Equal(row.Services, []string{"web", "warehouse", "mailer"}) || !slices.Equal(row.Events, []string{"basket.bought", "parcel.packed"}) {
				t.Errorf("%s: %v %v", name, row.Services, row.Events)
			}
			if named := row.ID == []string{"basket-1", "basket-2", "basket-3"}[i]; named != test.named || !named && row.ID != row.Traces[0] {
				t.Errorf("%s: the id is %s, the traces are %v", name, row.ID, row.Traces)
			}
			for _, id := range row.Traces {
				if found, _ := s.Find(id); found.ID != row.ID {
					t.Errorf("%s: trace %s finds %q instead of %q", name, id, found.ID, row.ID)
				}
			}
		}
		if where := rows[2].Where; where == nil || where.Kind != "dead" || where.Name != "mailer" || where.Event != "parcel.packed" {
			t.Errorf("%s: %+v", name, where)
		}
		if row := rows[1]; row.BackOffMS <= 0 || row.LongestWait != "warehouse" || row.LongestWaitMS < 40 || row.WaitMS < row.LongestWaitMS {
			t.Errorf("%s: %+v", name, row)
		}
	}
}
