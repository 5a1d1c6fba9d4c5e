package compose

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// orderHasTrace is the README's first screen: an order by curl, one by buy --wait, and the trace of each.
func orderHasTrace(t *testing.T, p *system) {
	p.place(t, 1)
	first := p.orders[0]
	p.settled(t, p.orders, time.Minute)
	p.run(t, "docker compose exec order /traceria trace "+first)
	if why := p.run(t, "docker compose exec order /traceria trace "+first+" --why"); !strings.Contains(why, "send events:delivery.order-delivered.v1") {
		t.Errorf("no critical path to the delivery:\n%s", why)
	}
	if seen := p.run(t, "docker compose exec order /traceria map"); !strings.Contains(seen, "kitchen.ticket-opened → kitchen") {
		t.Errorf("no map of the queues:\n%s", seen)
	}
	one := p.buy(t, "--wait")
	if !strings.HasSuffix(one.Links.Jaeger, "/trace/"+one.TraceID) {
		t.Errorf("links.jaeger is %q, want the trace %s", one.Links.Jaeger, one.TraceID)
	}
	spans := p.trace(t, one.OrderID)
	services := map[string]bool{}
	for _, s := range spans {
		services[s.Service] = true
		if s.Warning != "" || s.TraceID != one.TraceID {
			t.Errorf("%s %s is in trace %s, want one whole trace %s: %s", s.Service, s.Name, s.TraceID, one.TraceID, s.Warning)
		}
	}
	p.run(t, fmt.Sprintf(`curl -s --fail --output /dev/null --write-out '%%{http_code}' "$JAEGER_URL/api/v3/traces/%s"`, one.TraceID))
	want := []string{"delivery", "kitchen", "loyalty", "order"}
	if got := slices.Sorted(maps.Keys(services)); !slices.Equal(got, want) {
		t.Errorf("the trace has spans of %v, want %v", got, want)
	}
}

// suggestions are those of the README's "What to look at": a queue before two cooks, a third cook, and an order too large.
func suggestions(t *testing.T, p *system) {
	p.run(t, `curl -s --fail -X POST "$STAFF_URL/staff/alan/clock-in"`)
	for _, one := range read[[]answer](t, p.shell, "docker compose exec order /traceria buy --count 30 --wait --json") {
		p.orders = append(p.orders, one.OrderID)
	}
	p.settled(t, p.orders, time.Second)
	large := read[answer](t, p.shell, strings.ReplaceAll(strings.Replace(orderLine, " -w '%{http_code}'", "", 1), `"quantity":1`, `"quantity":60`))
	for limit := time.Now().Add(time.Minute); p.look(t, []string{large.OrderID})[0].Status != "cancelled"; time.Sleep(200 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatal("the kitchen has not rejected sixty pizzas within a minute")
		}
	}
}

// span is a node of the tree that traceria trace --json prints.
type span struct {
	TraceID    string         `json:"traceId"`
	Service    string         `json:"service"`
	Name       string         `json:"name"`
	Error      string         `json:"error"`
	Attributes map[string]any `json:"attributes"`
	Warning    string         `json:"warning"`
	Children   []span         `json:"children"`
}

// trace returns every span of an order, as traceria trace reads them from Jaeger.
func (p *system) trace(t *testing.T, id string) (spans []span) {
	t.Helper()
	out, err := p.try(t.Context(), "docker compose exec order /traceria trace --json "+id)
	if err != nil {
		t.Fatal(err)
	}
	var collect func([]span)
	collect = func(nodes []span) {
		for _, node := range nodes {
			spans = append(spans, node)
			collect(node.Children)
		}
	}
	collect(parse[struct {
		Roots []span `json:"roots"`
	}](t, out).Roots)
	return spans
}

// having returns the spans in which an attribute has this value.
func having(spans []span, name, value string) (found []span) {
	for _, s := range spans {
		if fmt.Sprint(s.Attributes[name]) == value {
			found = append(found, s)
		}
	}
	return found
}

// settled waits until all orders are delivered.
func (p *system) settled(t *testing.T, orders []string, limit time.Duration) {
	t.Helper()
	began, open := time.Now(), orders
	for {
		var waiting []string
		for _, one := range p.look(t, open) {
			if one.Status != "delivered" {
				waiting = append(waiting, one.OrderID+" is "+one.Status)
			}
		}
		switch {
		case len(waiting) == 0:
			return
		case time.Since(began) > limit:
			t.Fatalf("%d of %d orders are not delivered after %s:\n%s", len(waiting), len(orders), limit,
				excerpt(strings.Join(waiting, "\n"), 10))
		}
		open = open[:0:0]
		for _, one := range waiting {
			open = append(open, strings.Fields(one)[0])
		}
		time.Sleep(500 * time.Millisecond)
	}
}

// unsampled keeps what only looks on out of the orders' traces.
const unsampled = "traceparent: 00-00000000000000000000000000000001-0000000000000001-00"

// look asks for these orders by GET /order/{id}, with one curl.
func (p *system) look(t *testing.T, orders []string) (answers []answer) {
	t.Helper()
	var urls strings.Builder
	for _, id := range orders {
		fmt.Fprintf(&urls, "url = $ORDER_URL/order/%s\n", id)
	}
	out, err := p.try(t.Context(), fmt.Sprintf("curl -s --fail --header %q --config - <<end\n%send", unsampled, urls.String()))
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(strings.NewReader(out))
	for decoder.More() {
		var one answer
		if err := decoder.Decode(&one); err != nil {
			t.Fatal(err)
		}
		answers = append(answers, one)
	}
	if len(answers) != len(orders) {
		t.Fatalf("GET /order/{id} knows %d of %d orders", len(answers), len(orders))
	}
	return answers
}

// allDelivered counts: what the order service accepted is delivered, and nothing is a dead letter.
func allDelivered(t *testing.T, p *system) {
	p.settled(t, p.orders, 2*time.Minute)
	seen := map[string]bool{}
	for _, one := range p.look(t, p.orders) {
		seen[one.OrderID] = true
	}
	t.Logf("%d orders were accepted, %d are delivered", len(p.orders), len(seen))
	if len(seen) != len(p.orders) {
		t.Errorf("%d orders were accepted, %d of them are different", len(p.orders), len(seen))
	}
}
