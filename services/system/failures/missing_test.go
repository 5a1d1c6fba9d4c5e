package failures

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"traceria/services/failure"
	"traceria/services/order/journey"
	"traceria/services/order/orderclient"
)

// gapLines are the lines with which `traceria trace` ends for an order that a failure has stopped, by key or key=variant.
var gapLines = map[string]string{
	"kitchen.poison":                `process kitchen\.ticket-opened, after process kitchen\.private:.* of kitchen: dead letter in kitchen\.ticket-opened\.dead \(.*kitchen\.poison is switched on\); repair: traceria dead redrive kitchen\.ticket-opened$`,
	"kitchen.hang":                  `process kitchen\.ticket-opened, after send kitchen\.private:kitchen\.ticket-opened\.v1 of kitchen: kitchen has it and has not acked it, since \d\d:\d\d:\d\d$`,
	"delivery.ack-early":            `send delivery\.delivery-notification-sent\.v1, delivery\.order-delivered\.v1, after process events:kitchen\.order-boxed\.v1:delivery\.order-boxed of delivery: lost: acked without work, .*the process dies`,
	"retry.storm":                   `process kitchen\.ticket-opened, after process kitchen\.private:.* of kitchen: dead letter in kitchen\.ticket-opened\.dead \(delivery.limit\); repair: `,
	"order.unroutable":              `send order\.order-confirmed\.v1, order\.order-confirmed\.v2, after process events:order\.order-created\.v1:.* of order: in the outbox of order: could not be published to order\.no-binding \(unroutable`,
	"order.dual-write":              `send order\.order-created\.v1, after POST /order of order: never sent: order stored its work without an outbox row, and then failed \(crash`,
	"outbox.stall":                  `send order\.order-created\.v1, after POST /order of order: in the outbox of order, where 1 event waits$`,
	"message.expire":                `process kitchen\.order-confirmed, after send events:order\.order-confirmed\.v2 of order: dead letter in kitchen\.order-confirmed\.dead \(expired\); repair: traceria dead redrive kitchen\.order-confirmed$`,
	"queue.overflow=drop-head":      `process kitchen\.order-confirmed, after send events:order\.order-confirmed\.v2 of order: lost: dropped, expired or purged, kitchen\.order-confirmed is empty and kitchen does not have it$`,
	"queue.overflow=reject-publish": `send order\.order-confirmed\.v2, after process events:order\.order-created\.v1:.* of order: in the outbox of order: could not be published \(.*nack`,
	"event.unreadable":              `process kitchen\.order-confirmed, after process events:order\.order-confirmed\.v2:.* of kitchen: dead letter in kitchen\.order-confirmed\.dead \(unreadable`,
	"trace.uninstrumented-error":    `send kitchen\.order-preparing\.v1, kitchen\.order-boxed\.v1, after process kitchen\.private:.* of kitchen: lost: acked without work`,
}

// otherLines are those of orders that go on, or are delivered without a part.
var otherLines = map[string]string{
	"kitchen.error=thrice": `process kitchen\.ticket-opened, after process kitchen\.private:.* of kitchen: in a retry queue of kitchen\.ticket-opened until about \d\d:\d\d:\d\d, after attempt \d failed \(kitchen\.error is switched on\)$`,
	"loyalty.down":         `process loyalty\.order-confirmed, after send events:order\.order-confirmed\.v1 of order: loyalty\.order-confirmed has it, no consumer$`,
	"event.breaking":       `process loyalty\.order-confirmed, after process events:order\.order-confirmed\.v1:.* of loyalty: dead letter in loyalty\.order-confirmed\.dead \(unreadable`,
	"trace.lost-sampling":  `spans of delivery\.order-confirmed, kitchen\.order-confirmed, loyalty\.order-confirmed are missing, although the order is finished`,
}

// goOn are the failures that stop no order. order-api.down refuses it, and kitchen.reject cancels it.
var goOn = []failure.Key{
	failure.KitchenSlow, failure.KitchenError, failure.KitchenCrash, failure.LoyaltyDown, failure.OrderDuplicate, failure.OrderReorder,
	failure.BrokerDisconnect, failure.BrokerNack, failure.EventBreaking, failure.EventRenamedField, failure.TraceDropHeaders,
	failure.TraceDropContext, failure.TraceMalformed, failure.TraceStaleParent, failure.TraceLostSampling, failure.TraceClockSkew,
	failure.OrderAPIDown, failure.OrderAPISlow, failure.KitchenReject,
}

// stopsOrders reports whether the key has a line of a stopped order.
func stopsOrders(key failure.Key) bool {
	for name := range gapLines {
		if before, _, _ := strings.Cut(name, "="); before == string(key) {
			return true
		}
	}
	return false
}

// A key of the catalogue either stops orders and has the line that says so, or is known to stop none.
func TestEveryStoppedOrderHasALineThatSaysWhere(t *testing.T) {
	for _, entry := range failure.Catalogue() {
		stops, goes := stopsOrders(entry.Key), slices.Contains(goOn, entry.Key)
		if entry.Kind == failure.Failure && stops == goes {
			t.Errorf("%s: in gapLines: %t, in goOn: %t; want one of them", entry.Key, stops, goes)
		}
	}
	for name, line := range gapLines {
		key, variant, _ := strings.Cut(name, "=")
		entry, err := failure.Lookup(failure.Key(key))
		if err == nil {
			_, err = entry.Choose(variant)
		}
		if err != nil || line == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// wantTold asserts that the test of a key has looked for each of its lines.
func (st *stage) wantTold(t *testing.T, key failure.Key) {
	t.Helper()
	for name := range gapLines {
		if before, _, _ := strings.Cut(name, "="); before == string(key) && !st.told[name] {
			t.Errorf("the test of %s does not say what is missing of its order", name)
		}
	}
}

// wantGap asserts that the tree of one of the orders ends with the line of the key, or of key=variant.
func (st *stage) wantGap(t *testing.T, name string, orders ...orderclient.Order) {
	t.Helper()
	line := gapLines[name] + otherLines[name]
	st.told[name] = true
	want := regexp.MustCompile(`(?m)^  ` + line)
	out, fault := "", ""
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		for _, order := range orders {
			if out = st.missing(t, order); line == "" || !want.MatchString(out) {
				continue
			}
			if fault = st.wantMissing(t, order, out); fault == "" {
				return
			}
		}
	}
	t.Errorf("%s: no line %s in\n%s\n%s", name, line, out, fault)
}

// wantMissing returns a fault unless the document of the order's trace has the lines of the order's section. The order may have
// moved on between the two.
func (st *stage) wantMissing(t *testing.T, order orderclient.Order, section string) string {
	t.Helper()
	out, err := st.TraceriaWith(append(st.Environment(t, "order"), st.As(t, "operator")...), "trace", "--wait", "0", "--json", order.TraceID)
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Roots   []any
		Missing journey.Missing
	}
	if err := json.Unmarshal([]byte(out), &document); err != nil || len(document.Roots) == 0 {
		t.Fatalf("%v in %.300s", err, out)
	}
	for _, g := range document.Missing.Gaps {
		if !strings.Contains(section, g.Where) {
			return fmt.Sprintf("%+v is not in\n%s", g, section)
		}
	}
	if n := len(document.Missing.Gaps) + len(document.Missing.Unseen); n == 0 {
		return "nothing is missing by the document"
	}
	return ""
}

// wantWhole asserts that nothing is missing of the order.
func (st *stage) wantWhole(t *testing.T, order orderclient.Order) {
	t.Helper()
	out := ""
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if out = st.missing(t, order); out == "" {
			return
		}
	}
	t.Errorf("of a whole order is missing:\n%s", out)
}

// missing is the last section of `traceria trace`.
func (st *stage) missing(t *testing.T, order orderclient.Order) string {
	t.Helper()
	out, err := st.TraceriaWith(append(st.Environment(t, "order"), st.As(t, "operator")...), "trace", "--wait", "0", order.OrderID)
	if err != nil {
		return "not read: " + err.Error()
	}
	_, section, _ := strings.Cut(out, "\nmissing\n")
	return section
}
