package failures

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"traceria/services/event"
	"traceria/services/failure"
	"traceria/services/order/orderclient"
	"traceria/services/system/systemtest"
	"traceria/telemetry/tracetree"
)

// experiments are other ways in which the whole system may work, and break nothing.
var experiments = map[failure.Key]failureTest{
	failure.EventFormat:   testEventFormat,
	failure.EventVersions: testEventVersions,
	failure.EventStyle:    testEventStyle,
	failure.Integration:   testIntegration,
}

// settled is longer than both forms of an OrderConfirmed are published, and queues bound to both, after a switch.
const settled = 7 * time.Second

// told is the tree of one order when all of it is in Jaeger.
func (b *stage) told(t *testing.T, complete func(tree *tracetree.Tree) string) *tracetree.Tree {
	t.Helper()
	order := b.order(t, "")
	b.becomes(t, order, "delivered")
	b.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		return first(some(lastEvent, lastOf(tree), 1), whole(tree), complete(tree),
			some("of the points", spansOf(tree, "order", "process events:loyalty.loyalty-points-earned"), 1), clean(tree))
	})
	return b.Tree(t, order.TraceID)
}

// The same tree in both envelopes; the spans say which it is.
func testEventFormat(t *testing.T, b *stage) {
	b.set(t, failure.EventFormat, failure.Setting{Variant: event.CloudEventsFormat})
	tree := b.told(t, func(tree *tracetree.Tree) string {
		for _, send := range spansOf(tree, "order", aConfirmation) {
			if send.Attributes["cloudevents.event_spec_version"] != "1.0" {
				return send.Name + " is no CloudEvent"
			}
			if lack := evaluated(send, failure.EventFormat, event.CloudEventsFormat); lack != "" {
				return lack
			}
		}
		return ""
	})
	systemtest.MatchGolden(t, systemtest.HappyPath, tree)
	b.clear(t)
	systemtest.MatchGolden(t, systemtest.HappyPath, b.told(t, func(tree *tracetree.Tree) string {
		for _, send := range spansOf(tree, "order", aConfirmation) {
			if send.Attributes["cloudevents.event_spec_version"] != nil {
				return send.Name + " is a CloudEvent"
			}
		}
		return ""
	}))
}

// Each fat form alone, and both again: whoever takes the other one is bound to what there is.
func testEventVersions(t *testing.T, b *stage) {
	flow := b.flow(t)
	for _, version := range []string{event.OnlyV1, event.OnlyV2} {
		b.set(t, failure.EventVersions, failure.Setting{Variant: version})
		time.Sleep(settled)
		tree := b.told(t, func(tree *tracetree.Tree) string {
			sends := spansOf(tree, "order", aConfirmation)
			return first(some(aConfirmation, sends, 1), some("of "+version, spansOf(tree, "order", aConfirmation+version), 1))
		})
		systemtest.CompareGolden(t, "event-versions-"+version+".tree", tree)
	}
	flow.backToNormal(t)
}

// Sparse events, with and without calls back, and fat ones again, while orders flow: none is lost.
func testEventStyle(t *testing.T, b *stage) {
	flow := b.flow(t)
	for _, style := range []string{event.Sparse, event.SparseCallback, event.Sparse} {
		b.set(t, failure.EventStyle, failure.Setting{Variant: style})
		time.Sleep(settled)
		sends := map[string]int{event.Sparse: 3, event.SparseCallback: 1}[style]
		tree := b.told(t, func(tree *tracetree.Tree) string {
			taken := spansOf(tree, "delivery", "process events:order.order-confirmed.v3")
			lack := first(some(aConfirmation, spansOf(tree, "order", aConfirmation), sends), some("of v3 at delivery", taken, 1))
			if lack == "" && style == event.SparseCallback {
				lack = evaluated(taken[0], failure.EventStyle, style)
			}
			return lack
		})
		systemtest.MatchGolden(t, style+".tree", tree)
	}
	flow.backToNormal(t)
}

// flow are orders that are placed one after the other.
type flow struct {
	*stage
	stop   context.CancelFunc
	ended  sync.WaitGroup
	orders []orderclient.Order
	err    error
}

// flow places an order every 200 ms until delivered is called.
func (b *stage) flow(t *testing.T) *flow {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	f := &flow{stage: b, stop: stop}
	f.ended.Go(func() {
		for every := time.NewTicker(200 * time.Millisecond); ctx.Err() == nil; <-every.C {
			order, err := b.Client().Do(orderclient.Unrecorded(context.WithoutCancel(ctx)), http.MethodPost, "/order", nil, orderclient.OneMargherita("customer-flow"))
			if err != nil {
				f.err = err
				return
			}
			f.orders = append(f.orders, order)
		}
	})
	return f
}

// delivered ends the flow and says that every order of it was delivered.
func (f *flow) delivered(t *testing.T) {
	t.Helper()
	f.stop()
	f.ended.Wait()
	if f.err != nil {
		t.Fatal(f.err)
	}
	for _, order := range f.orders {
		f.becomes(t, order, "delivered")
	}
	var loyalty struct{ History []struct{ OrderID string } }
	f.Await(t, 30*time.Second, "loyalty knows every order once", func() bool {
		f.Get(t, "loyalty", "/loyalty/customer-flow", &loyalty)
		times := map[string]int{}
		for _, line := range loyalty.History {
			times[line.OrderID]++
		}
		for _, order := range f.orders {
			if times[order.OrderID] != 1 {
				return false
			}
		}
		return true
	})
	t.Logf("%d orders were placed meanwhile, and all were delivered and counted once", len(f.orders))
}

// backToNormal switches the experiment off: the flow's orders were all delivered, and the tree is that of every day.
func (f *flow) backToNormal(t *testing.T) {
	t.Helper()
	f.clear(t)
	time.Sleep(settled)
	f.delivered(t)
	systemtest.MatchGolden(t, systemtest.HappyPath, f.told(t, func(tree *tracetree.Tree) string {
		return some(aConfirmation, spansOf(tree, "order", aConfirmation), 2)
	}))
}
