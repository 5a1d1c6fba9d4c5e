package failures

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"traceria/services/event"
	"traceria/services/failure"
	"traceria/services/order/orderclient"
	"traceria/services/system/systemtest"
	"traceria/telemetry/tracetree"
)

// experiments are other ways of working. They break nothing.
var experiments = map[failure.Key]failureTest{
	failure.EventFormat:   testEventFormat,
	failure.EventVersions: testEventVersions,
	failure.EventStyle:    testEventStyle,
	failure.Integration:   testIntegration,
}

// switchTime exceeds the overlap after a switch, in which old and new forms are published and bound.
const switchTime = 7 * time.Second

// Both envelopes give the same tree. The spans name the format.
func testEventFormat(t *testing.T, st *stage) {
	st.set(t, failure.EventFormat, failure.Setting{Variant: event.CloudEventsFormat})
	tree := st.completeTree(t, func(tree *tracetree.Tree) string {
		for _, send := range spansOf(tree, "order", confirmationSent) {
			if send.Attributes["cloudevents.event_spec_version"] != "1.0" {
				return send.Name + " is not a CloudEvent"
			}
			if fault := wantEvaluated(send, failure.EventFormat, event.CloudEventsFormat); fault != "" {
				return fault
			}
		}
		return ""
	})
	systemtest.MatchGolden(t, systemtest.HappyPath, tree)
	st.clear(t)
	systemtest.MatchGolden(t, systemtest.HappyPath, st.completeTree(t, func(tree *tracetree.Tree) string {
		for _, send := range spansOf(tree, "order", confirmationSent) {
			if send.Attributes["cloudevents.event_spec_version"] != nil {
				return send.Name + " is a CloudEvent"
			}
		}
		return ""
	}))
}

// Each fat form is published alone, then both again. A consumer of the other form is bound to the published one.
func testEventVersions(t *testing.T, st *stage) {
	flow := st.flow(t)
	for _, version := range []string{event.OnlyV1, event.OnlyV2} {
		st.set(t, failure.EventVersions, failure.Setting{Variant: version})
		time.Sleep(switchTime)
		tree := st.completeTree(t, func(tree *tracetree.Tree) string {
			sends := spansOf(tree, "order", confirmationSent)
			return firstFault(wantSpans(confirmationSent, sends, 1), wantSpans("of "+version, spansOf(tree, "order", confirmationSent+version), 1))
		})
		systemtest.CompareGolden(t, "event-versions-"+version+".tree", tree)
	}
	flow.backToNormal(t)
}

// Sparse events without and with callbacks, then fat ones again, under load. No order is lost.
func testEventStyle(t *testing.T, st *stage) {
	flow := st.flow(t)
	for _, style := range []string{event.Sparse, event.SparseCallback, event.Sparse} {
		st.set(t, failure.EventStyle, failure.Setting{Variant: style})
		time.Sleep(switchTime)
		st.awaitBound(t, event.OrderConfirmedV3, map[string][]string{
			event.Sparse:         {"delivery.order-confirmed"},
			event.SparseCallback: {"delivery.order-confirmed", "kitchen.order-confirmed", "loyalty.order-confirmed"},
		}[style])
		if style == event.Sparse {
			st.awaitBound(t, event.OrderConfirmedV2, []string{"kitchen.order-confirmed"})
		}
		sends := map[string]int{event.Sparse: 3, event.SparseCallback: 1}[style]
		tree := st.completeTree(t, func(tree *tracetree.Tree) string {
			taken := spansOf(tree, "delivery", "process events:order.order-confirmed.v3")
			fault := firstFault(wantSpans(confirmationSent, spansOf(tree, "order", confirmationSent), sends), wantSpans("of v3 at delivery", taken, 1))
			if fault == "" && style == event.SparseCallback {
				fault = wantEvaluated(taken[0], failure.EventStyle, style)
			}
			return fault
		})
		systemtest.MatchGolden(t, style+".tree", tree)
	}
	flow.backToNormal(t)
}

// awaitBound waits until exactly these queues are bound to the event. A queue leaves a version only while the outbox of the
// order service is empty. On a loaded machine that takes longer than switchTime.
func (st *stage) awaitBound(t *testing.T, typ event.Type, queues []string) {
	t.Helper()
	st.Await(t, time.Minute, "bound to "+typ.RoutingKey()+": "+strings.Join(queues, ", "), func() bool {
		status, body := st.Answer(st.Broker.ManagementURL + "/api/exchanges/%2F/" + typ.Exchange + "/bindings/source")
		var bindings []struct {
			Destination string `json:"destination"`
			RoutingKey  string `json:"routing_key"`
		}
		if status != http.StatusOK || json.Unmarshal([]byte(body), &bindings) != nil {
			return false
		}
		var bound []string
		for _, b := range bindings {
			if b.RoutingKey == typ.RoutingKey() {
				bound = append(bound, b.Destination)
			}
		}
		slices.Sort(bound)
		return slices.Equal(bound, queues)
	})
}

// flow is a series of orders during a test.
type flow struct {
	*stage
	stop   context.CancelFunc
	ended  sync.WaitGroup
	orders []orderclient.Order
	err    error
}

// flow places an order every 200 ms until delivered is called.
func (st *stage) flow(t *testing.T) *flow {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	f := &flow{stage: st, stop: stop}
	f.ended.Go(func() {
		for every := time.NewTicker(200 * time.Millisecond); ctx.Err() == nil; <-every.C {
			order, err := st.Client().Do(orderclient.Unrecorded(context.WithoutCancel(ctx)), http.MethodPost, "/order", nil, orderclient.OneMargherita("customer-flow"))
			if err != nil {
				f.err = err
				return
			}
			f.orders = append(f.orders, order)
		}
	})
	return f
}

// delivered ends the flow and asserts that every order was delivered and earned its points once.
func (f *flow) delivered(t *testing.T) {
	t.Helper()
	f.stop()
	f.ended.Wait()
	if f.err != nil {
		t.Fatal(f.err)
	}
	for _, order := range f.orders {
		f.awaitStatus(t, order, "delivered")
	}
	var loyalty struct{ History []struct{ OrderID string } }
	f.Await(t, 30*time.Second, "loyalty has one entry per order", func() bool {
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
	t.Logf("%d orders were placed meanwhile, and each was delivered and earned its points once", len(f.orders))
}

// backToNormal clears the experiment. It asserts that every order of the flow was delivered and that the default tree
// is back.
func (f *flow) backToNormal(t *testing.T) {
	t.Helper()
	f.clear(t)
	time.Sleep(switchTime)
	f.delivered(t)
	systemtest.MatchGolden(t, systemtest.HappyPath, f.completeTree(t, func(tree *tracetree.Tree) string {
		return wantSpans(confirmationSent, spansOf(tree, "order", confirmationSent), 2)
	}))
}
