package sampling

import (
	"slices"
	"strings"
	"testing"
	"time"

	"traceria/services/system/systemtest"
	"traceria/telemetry/tracetree"
)

// settings are those of every Collector that decides. A dead letter takes 6.2 s. No hop counts as slow, also on a slow machine.
var settings = []string{"COLLECTOR_DECISION_WAIT=20s", "COLLECTOR_SLOW_HOP=1h"}

// reasons are failures. Each of them is a reason to keep an order. dull orders have no reason; a share of them is kept.
var reasons = []string{"kitchen.error=once", "kitchen.error=twice", poison, "order.duplicate", "kitchen.slow=2s"}

const (
	poison     = "kitchen.poison"
	eachReason = 4
	dullOrders = 25
)

// house is the running pizzeria, whose spans go to every Collector at once.
type house struct {
	*systemtest.Pizzeria
	since time.Time
	// The Jaegers behind the Collectors: everything has all spans.
	everything, conversation, trace, tiers *tracetree.Jaeger
}

func open(t *testing.T) *house {
	t.Helper()
	w := systemtest.StartWorld(t)
	h := &house{everything: w.Jaeger, since: time.Now()}
	s := w.System
	var toConversation, toTrace, toTiers string
	h.conversation, toConversation = jaeger(t, s)
	h.trace, toTrace = jaeger(t, s)
	h.tiers, toTiers = jaeger(t, s)
	conversation := start(t, s, byConversation, append(settings, toConversation)...)
	// Without a share: what it keeps depends on the failures alone.
	trace := start(t, s, byTrace, append(settings, toTrace, "COLLECTOR_SHARE_PERCENT=0")...)
	left, right := start(t, s, secondTier, append(settings, toTiers)...), start(t, s, secondTier, append(settings, toTiers)...)
	below := []string{"COLLECTOR_TIER2_A=" + left.grpc, "COLLECTOR_TIER2_B=" + right.grpc}
	a, b := start(t, s, firstTier, below...), start(t, s, firstTier, below...)
	top := start(t, s, fan, "FAN_EVERYTHING="+endpoint(w.Env), "FAN_CONVERSATION=http://"+conversation.http, "FAN_TRACE=http://"+trace.http,
		"FAN_A=http://"+a.http, "FAN_B=http://"+b.http)
	w.Env = append(w.Env, "OTEL_EXPORTER_OTLP_ENDPOINT=http://"+top.http) // the last one counts
	h.Pizzeria = w.Open(t, nil)
	return h
}

// endpoint returns the address of the Collector that keeps everything.
func endpoint(env []string) (address string) {
	for _, variable := range env {
		if value, found := strings.CutPrefix(variable, "OTEL_EXPORTER_OTLP_ENDPOINT="); found {
			address = value
		}
	}
	return address
}

// order is a placed order.
type order struct{ id, mode, failure string }

// place places orders of both trace modes, with and without a reason to keep them, and waits until all are settled.
func (h *house) place(t *testing.T) (all []order) {
	t.Helper()
	for mode, set := range map[string]string{"parent": "", "link": ", trace.mode=link"} {
		for _, failure := range reasons {
			all = append(all, h.placeSome(t, eachReason, order{mode: mode, failure: failure}, failure+set)...)
		}
		all = append(all, h.placeSome(t, dullOrders, order{mode: mode}, strings.TrimPrefix(set, ", "))...)
	}
	h.settle(t, all)
	return all
}

func (h *house) placeSome(t *testing.T, count int, kind order, failure string) (some []order) {
	t.Helper()
	answers, err := h.Client().PlaceAll(t.Context(), count, "customer-1", failure)
	if err != nil {
		t.Fatal(err)
	}
	for _, answer := range answers {
		kind.id = answer.OrderID
		some = append(some, kind)
	}
	return some
}

// settle waits until every order is delivered or a dead letter.
func (h *house) settle(t *testing.T, all []order) {
	t.Helper()
	open := slices.DeleteFunc(slices.Clone(all), func(o order) bool { return o.failure == poison })
	dead := len(all) - len(open)
	h.Await(t, time.Minute, "the orders are delivered", func() bool {
		open = slices.DeleteFunc(open, func(o order) bool {
			now, err := h.Client().Get(t.Context(), o.id)
			return err == nil && now.Settled()
		})
		return len(open) == 0 && h.Waiting(t)["kitchen.ticket-opened.dead"] == dead
	})
}
