package pizzeria

import (
	"errors"
	"testing"

	"traceria/services/load"
	"traceria/services/order/journey"
)

// The most serious place of an order's messages says what became of the order.
func TestTheFateOfAnOrderIsThatOfItsWorstMessage(t *testing.T) {
	t.Parallel()
	gap := func(p journey.Place) journey.Gap {
		return journey.Gap{Expected: "process q", Place: p, Where: string(p)}
	}
	away := errors.New("Jaeger does not answer")
	for want, test := range map[load.Whereabouts]struct {
		missing *journey.Missing
		err     error
	}{
		{Fate: load.Late, Where: "process q: ready"}:              {missing: &journey.Missing{Gaps: []journey.Gap{gap(journey.Ready), gap(journey.Soon)}}},
		{Fate: load.Late, Where: "process q: retry"}:              {missing: &journey.Missing{Gaps: []journey.Gap{gap(journey.Retry)}}},
		{Fate: load.Late, Where: "process q: outbox"}:             {missing: &journey.Missing{Gaps: []journey.Gap{gap(journey.Outbox)}}},
		{Fate: load.Unknown, Where: "process q: unknown"}:         {missing: &journey.Missing{Gaps: []journey.Gap{gap(journey.Unacked), gap(journey.Unsure)}}, err: away},
		{Fate: load.Dead, Where: "process q: dead"}:               {missing: &journey.Missing{Gaps: []journey.Gap{gap(journey.Unsure), gap(journey.DeadQueue), gap(journey.Paused)}}},
		{Fate: load.Lost, Where: "process q: lost"}:               {missing: &journey.Missing{Gaps: []journey.Gap{gap(journey.DeadQueue), gap(journey.Gone)}}},
		{Fate: load.Lost, Where: "process q: never-sent"}:         {missing: &journey.Missing{Gaps: []journey.Gap{gap(journey.NeverSent)}}},
		{Fate: load.Lost, Where: "no span and no queue has a, b"}: {missing: &journey.Missing{Unseen: []string{"a", "b"}}},
		{Fate: load.Unknown, Where: "Jaeger does not answer"}:     {missing: &journey.Missing{Unseen: []string{"a"}}, err: away},
		{Fate: load.Unknown, Where: "its trace lacks nothing"}:    {},
		{Fate: load.Unknown, Where: "Jaeger has no trace"}:        {err: errors.New("Jaeger has no trace")},
	} {
		if got := whereabouts(test.missing, test.err); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
}
