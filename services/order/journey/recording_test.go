package journey_test

import (
	"context"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"traceria/services/broker"
	"traceria/services/order/journey"
	"traceria/services/order/orderclient"
	"traceria/services/pizzeria"
	"traceria/services/topology"
	"traceria/telemetry/tracetree"
)

// lag is how long a span takes from its end to Jaeger.
const lag = 1200 * time.Millisecond

// recording is an order of the real system and its messaging spans as Jaeger had them. It is played from the moment at which
// play is called.
type recording struct {
	Order  orderclient.Order
	Spans  []tracetree.Span
	placed time.Time // in the recording
	began  time.Time // of the play
}

// read reads a recording from testdata.
func read(t *testing.T, name string) *recording {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	r := &recording{}
	if err := json.Unmarshal(text, r); err != nil {
		t.Fatal(err)
	}
	r.placed = r.Order.Timeline[0].At
	return r
}

// play moves all times, so that the order is placed now.
func (r *recording) play() journey.Sources {
	r.began = time.Now()
	by := r.began.Sub(r.placed)
	for i := range r.Order.Timeline {
		r.Order.Timeline[i].At = r.Order.Timeline[i].At.Add(by)
	}
	for i := range r.Spans {
		r.Spans[i].Start = r.Spans[i].Start.Add(by)
	}
	return journey.Sources{Order: r.order, Spans: r.spans, Topology: pizzeria.Default()}
}

// order is the answer of the order service at this moment.
func (r *recording) order(context.Context, string) (orderclient.Order, error) {
	now := r.Order
	now.Timeline = slices.DeleteFunc(slices.Clone(r.Order.Timeline), func(e orderclient.Entry) bool { return e.At.After(time.Now()) })
	now.Status = "created"
	for _, e := range now.Timeline {
		if status, ok := map[string]string{
			"OrderConfirmed": "confirmed", "OrderPreparing": "preparing", "OrderBoxed": "boxed",
			"DeliveryNotificationSent": "out-for-delivery", "OrderDelivered": "delivered", "OrderCancelled": "cancelled",
		}[e.Event]; ok {
			now.Status = status
		}
	}
	if now.Status != "cancelled" {
		now.Rejection = "" // stored with the cancellation, after the event is noted
	}
	return now, nil
}

// spans is what Jaeger has at this moment.
func (r *recording) spans(context.Context, string) ([]tracetree.Span, error) {
	there := slices.DeleteFunc(slices.Clone(r.Spans), func(s tracetree.Span) bool { return s.End().Add(lag).After(time.Now()) })
	if len(there) == 0 {
		return nil, tracetree.ErrNotFound
	}
	return there, nil
}

// watch follows the recorded order for at most two minutes.
func (r *recording) watch(t *testing.T, sources journey.Sources) (journey.Journey, *heard) {
	t.Helper()
	told := &heard{began: time.Now()}
	w := journey.New(sources, []orderclient.Order{{OrderID: r.Order.OrderID, Status: "created"}}, told)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	w.Run(ctx)
	told.took = time.Since(told.began)
	return w.Journeys()[0], told
}

// heard is what an observer was told.
type heard struct {
	began time.Time
	took  time.Duration
	lines []string // facts and notes: "word: text"
	waits []string // what was waited for, each once
}

func (h *heard) Fact(_ *journey.Journey, f journey.Fact) {
	h.lines = append(h.lines, f.Word+": "+f.Text)
}
func (h *heard) Note(text string) { h.lines = append(h.lines, "note: "+text) }

func (h *heard) Progress(p journey.Progress) {
	if p.Waiting != nil && (len(h.waits) == 0 || h.waits[len(h.waits)-1] != p.Waiting.Text) {
		h.waits = append(h.waits, p.Waiting.Text)
	}
}

// lacks returns the first of the beginnings that no line has behind those before it.
func lacks(lines []string, beginnings ...string) string {
	for _, want := range beginnings {
		i := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, want) })
		if i < 0 {
			return want
		}
		lines = lines[i+1:]
	}
	return ""
}

// rabbit is a RabbitMQ that has dead letters from a moment on.
type rabbit struct {
	from    time.Time
	letters []broker.Letter
	counts  map[string]broker.QueueCount
	inHand  int // letters that the first look does not get
	looks   int
}

func (r *rabbit) Count(context.Context, []string) (map[string]broker.QueueCount, error) {
	counts := map[string]broker.QueueCount{}
	maps.Copy(counts, r.counts)
	if !time.Now().Before(r.from) {
		counts["kitchen.ticket-opened.dead"] = broker.QueueCount{Ready: len(r.letters)}
	}
	return counts, nil
}

func (r *rabbit) Letters(context.Context, topology.Subscription, int) ([]broker.Letter, error) {
	r.looks++
	if r.looks == 1 {
		return r.letters[:len(r.letters)-r.inHand], nil
	}
	return r.letters, nil
}
