package system

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"traceria/services/order/orderclient"
	"traceria/services/system/systemtest"
)

// bought places an order by the command line and waits until it is delivered and its trace is at rest.
func bought(t *testing.T, s *systemtest.System, args ...string) orderclient.Order {
	t.Helper()
	out, err := s.Traceria(append([]string{"buy", "--wait", "--json"}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	var order orderclient.Order
	if err := json.Unmarshal([]byte(out), &order); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s.Tree(t, order.TraceID)
	return order
}

// An order that the kitchen cooks at its third attempt spends most of its time in back-offs: 1.2 s of about 1.4 s.
func TestTraceSaysWhyAnOrderWasLate(t *testing.T) {
	s := systemtest.Up(t)
	late, prompt := bought(t, s, "--failure", "kitchen.error=twice"), bought(t, s)

	out, err := s.Traceria("trace", late.OrderNumber, "--why")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(out, "It took ") || !strings.Contains(out, " in back-offs of kitchen.ticket-opened (3 attempts") {
		t.Errorf("no sentence says why at the top of\n%s", out)
	}
	for _, want := range []string{
		"from POST /order to send events:delivery.order-delivered.v1",
		"kitchen.ticket-opened, after attempt 1", "kitchen.ticket-opened, after attempt 2", "\nback-off ",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
	var path struct {
		DurationMs float64
		Steps      []struct {
			Kind       string
			Start      time.Time
			DurationMs float64
		}
	}
	document, err := s.Traceria("trace", late.OrderID, "--why", "--json")
	if err == nil {
		err = json.Unmarshal([]byte(document), &path)
	}
	if err != nil {
		t.Fatal(err)
	}
	took := map[string]float64{}
	whole := 0.0
	for _, step := range path.Steps {
		took[step.Kind] += step.DurationMs
		whole += step.DurationMs
	}
	if took["back-off"] < 1190 || took["work"] < 50 || whole < path.DurationMs-0.01 || whole > path.DurationMs+0.01 {
		t.Errorf("the steps take %v ms, in all %g of %g", took, whole, path.DurationMs)
	}

	out, err = s.Traceria("trace", prompt.OrderNumber, "--against", late.OrderNumber)
	if err != nil {
		t.Fatal(err)
	}
	extra := regexp.MustCompile(`(?m)^\+ process kitchen\.private:.*ticket-opened .*error: kitchen\.error is switched on$`)
	longer := regexp.MustCompile(`(?m)^ +\+(9\d\d ms|1(\.\d)? s)  back-off  0 ns → 1(\.\d)? s +kitchen  process kitchen\.private:`)
	if len(extra.FindAllString(out, -1)) != 2 || strings.Contains(out, "\n- process") || !longer.MatchString(out) {
		t.Errorf("two more attempts are the difference, and the last one came after a back-off of a second:\n%s", out)
	}
	out, err = s.Traceria("trace", late.OrderNumber, "--mermaid")
	if err != nil || !strings.HasPrefix(out, "sequenceDiagram\n") || !strings.Contains(out, "kitchen.ticket-opened.v1 (waited ") || !strings.Contains(out, ", attempt 3)") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestTraceFollowsAnOrderOnItsWay(t *testing.T) {
	s := systemtest.Up(t)
	out, err := s.Traceria("buy", "--json", "--failure", "kitchen.slow=2s")
	if err != nil {
		t.Fatal(err)
	}
	var order orderclient.Order
	if err := json.Unmarshal([]byte(out), &order); err != nil {
		t.Fatal(err)
	}
	out, err = s.Traceria("trace", order.OrderID, "--follow")
	if err != nil {
		t.Fatal(err)
	}
	if missing := inOrder(out, "created", "confirmed", "preparing", "boxed", "delivered", "1 delivered after"); missing != "" {
		t.Errorf("%q is not in its place in\n%s", missing, out)
	}
	// An order that is over is told at once, by its trace id as well.
	s.Tree(t, order.TraceID)
	if again, err := s.Traceria("trace", order.TraceID, "--follow"); err != nil || inOrder(again, "created", "delivered") != "" {
		t.Errorf("%v\n%s", err, again)
	}
	if _, err := s.Traceria("trace", order.OrderID, "--follow", "--why"); systemtest.ExitCode(err) != 2 {
		t.Errorf("got %v", err)
	}
}

// In link mode each hop is a trace of its own. The printed story is one tree, and its critical path goes over the links.
func TestLinkModeIsOneStory(t *testing.T) {
	s := systemtest.Up(t)
	inMode := func(mode, heading string) (order orderclient.Order, story string) {
		if out, err := s.Traceria("failure", "set", "trace.mode="+mode); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		systemtest.Eventually(t, 30*time.Second, "an order in mode "+mode, func() (found bool) {
			order = bought(t, s)
			story, _ = s.Traceria("trace", order.OrderID)
			found, _ = regexp.MatchString(heading, story)
			return found
		})
		return order, story
	}
	t.Cleanup(func() { _, _ = s.Traceria("failure", "clear", "trace.mode") })
	order, out := inMode("link", `^12 traces · 35 spans`)
	if missing := inOrder(out, "POST /order", "└─ send events:order.order-created.v1", "┄ process events:order.order-created.v1",
		"begins, linked to the span above", "┄ process ", "delivery.order-boxed"); missing != "" {
		t.Errorf("%q is not in its place in\n%s", missing, out)
	}
	if strings.Contains(out, "\nmissing\n") || strings.Contains(out, "\nprocess ") || strings.Contains(out, "linked to send") {
		t.Errorf("a trace stands by itself:\n%s", out)
	}
	why, err := s.Traceria("trace", order.OrderID, "--why")
	if err != nil || !strings.Contains(why, "from POST /order to send events:delivery.order-delivered.v1") || strings.Contains(why, "unknown") {
		t.Errorf("%v\n%s", err, why)
	}
	inMode("parent", `^trace [0-9a-f]{32} · 35 spans`) // the tests behind this one want the default again
}

// The map of the default orders has each way that the contracts declare for them, and no other.
func TestMapIsWhatTheContractsDeclare(t *testing.T) {
	s := systemtest.Up(t)
	bought(t, s)
	document, err := s.Traceria("map", "--json", "--since", "10m")
	if err != nil {
		t.Fatal(err)
	}
	var found struct {
		Edges []struct {
			From, To, What, Queue string
			Count                 int
			Wait, Work            *struct{ P50Ms, P95Ms float64 }
		}
		DeclaredNotSeen, SeenNotDeclared []struct{ Event, From, Queue string }
	}
	if err := json.Unmarshal([]byte(document), &found); err != nil {
		t.Fatal(err)
	}
	ways := map[string]bool{}
	for _, e := range found.Edges {
		ways[strings.Join([]string{e.From, e.What, e.Queue, e.To}, " ")] = true
		if e.Queue != "" && (e.Wait == nil || e.Work == nil || e.Work.P50Ms <= 0 || e.Count < 1) {
			t.Errorf("%+v", e)
		}
	}
	for _, want := range []string{
		"client POST /order  order", "order order.order-created.v1 order.order-created order",
		"order order.order-confirmed.v1 loyalty.order-confirmed loyalty", "order order.order-confirmed.v2 kitchen.order-confirmed kitchen",
		"kitchen kitchen.ticket-opened.v1 kitchen.ticket-opened kitchen", "delivery delivery.order-delivered.v1 order.order-delivered order",
	} {
		if !ways[want] {
			t.Errorf("%q is not on the map: %v", want, ways)
		}
	}
	for _, way := range found.DeclaredNotSeen {
		if way.Event == "order.order-confirmed.v2" || way.Event == "kitchen.order-boxed.v1" {
			t.Errorf("%+v was seen", way)
		}
	}
	for args, want := range map[string]string{"--mermaid": "flowchart LR\n", "--limit=50": "kitchen.ticket-opened → kitchen"} {
		if out, err := s.Traceria("map", args); err != nil || !strings.Contains(out, want) {
			t.Errorf("%s: %v\n%s", args, err, out)
		}
	}
	for _, args := range [][]string{{"--since", "-1h"}, {"--limit", "0"}, {"--mermaid", "--json"}} {
		if _, err := s.Traceria(append([]string{"map"}, args...)...); systemtest.ExitCode(err) != 2 {
			t.Errorf("%v: got %v", args, err)
		}
	}
}
