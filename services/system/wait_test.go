package system

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"traceria/services/pizzeria"
	"traceria/services/system/systemtest"
)

// heldTicket is the queue of a ticket that cannot be cooked.
const heldTicket = "kitchen.ticket-opened"

// forgetTickets removes the dead letters that a test leaves behind.
func forgetTickets(t *testing.T, s *systemtest.System) {
	t.Helper()
	ch := s.Channel(t)
	t.Cleanup(func() { _, _ = ch.QueuePurge(heldTicket+".dead", false) })
}

// inOrder returns the first of the parts that text does not have behind those before it.
func inOrder(text string, parts ...string) (missing string) {
	for _, part := range parts {
		_, rest, found := strings.Cut(text, part)
		if !found {
			return part
		}
		text = rest
	}
	return ""
}

func TestWaitShowsTheStagesOfAnOrder(t *testing.T) {
	s := systemtest.Up(t)
	out, err := s.Traceria("buy", "--wait")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"created           OrderCreated v1 from order", "confirmed         OrderConfirmed v2 from order",
		"preparing         OrderPreparing v1 from kitchen", "boxed             OrderBoxed v1 from kitchen",
		"out-for-delivery  DeliveryNotificationSent v1 from delivery", "delivered         OrderDelivered v1 from delivery",
	} {
		if !strings.Contains(out, line) {
			t.Errorf("%q is not in\n%s", line, out)
		}
	}
	if missing := inOrder(out, "order ", "created", "confirmed", "preparing", "boxed", "out-for-delivery", "1 delivered after"); missing != "" {
		t.Errorf("%q is not in its place in\n%s", missing, out)
	}
	if strings.Contains(out, "\x1b") {
		t.Errorf("a pipe gets codes of a terminal: %q", out)
	}
}

func TestWaitEndsAtADeadLetter(t *testing.T) {
	s := systemtest.Up(t)
	forgetTickets(t, s)
	// The sources that this user has: all, Jaeger only (RabbitMQ refuses), RabbitMQ only.
	for name, env := range map[string][]string{
		"guest": nil, "order": s.As(t, "order"), "without Jaeger": {"JAEGER_URL=http://127.0.0.1:1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			out, err := s.TraceriaWith(env, "buy", "--wait", "--failure", "kitchen.poison")
			took := time.Since(began)
			if systemtest.ExitCode(err) != 1 || took > 20*time.Second || took < 6*time.Second {
				t.Errorf("it ends after %s: %v", took, err)
			}
			if err == nil || !strings.Contains(err.Error(), heldTicket+".dead") || !strings.Contains(err.Error(), "traceria dead show "+heldTicket) {
				t.Errorf("got %v", err)
			}
			want := []string{"attempt 1", "the next attempt comes after 200ms", "attempt 2", "attempt 3", "dead", heldTicket + ".dead", "1 confirmed after"}
			if name == "without Jaeger" {
				want = []string{"queues and attempts are not shown", "dead", "attempts-used-up", "1 confirmed after"}
			}
			if missing := inOrder(out, want...); missing != "" {
				t.Errorf("%q is not in its place in\n%s", missing, out)
			}
			t.Logf("%s\n%s%v", took, out, err)
		})
	}
}

func TestWaitEndsWhenTheKitchenRejects(t *testing.T) {
	s := systemtest.Up(t)
	out, err := s.Traceria("buy", "--wait", "--failure", "kitchen.reject")
	if systemtest.ExitCode(err) != 1 || !strings.Contains(err.Error(), "is rejected by the kitchen: ") || strings.Contains(err.Error(), "no reason") {
		t.Errorf("got %v", err)
	}
	if missing := inOrder(out, "rejected", "OrderRejected v1 from kitchen: ", "cancelled", "1 cancelled after"); missing != "" {
		t.Errorf("%q is not in its place in\n%s", missing, out)
	}
}

func TestWaitSaysWhichQueueHoldsTheOrder(t *testing.T) {
	s := systemtest.Up(t)
	for name, env := range map[string][]string{"guest": nil, "order": s.As(t, "order")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := s.TraceriaWith(env, "buy", "--wait", "--failure", "kitchen.slow=10s")
			if err != nil {
				t.Fatal(err)
			}
			what := "for " + heldTicket + ", which holds TicketOpened v1: "
			if missing := inOrder(out, "confirmed ", "waits ", what, "waits ", what, "since ", "delivered"); missing != "" {
				t.Errorf("%q is not in its place in\n%s", missing, out)
			}
			t.Log(out)
		})
	}
}

// An order that only loyalty holds is delivered; without any source but the order service the wait is long and says so.
func TestWaitWithoutJaegerAndRabbitMQ(t *testing.T) {
	s := systemtest.Up(t)
	env := []string{"JAEGER_URL=http://127.0.0.1:1", "AMQP_URL=amqp://guest:guest@127.0.0.1:1/"}
	out, err := s.TraceriaWith(env, "buy", "--wait", "--failure", "kitchen.slow=2s")
	if err != nil {
		t.Fatal(err)
	}
	if missing := inOrder(out, "note", "Jaeger at http://127.0.0.1:1 does not answer"); missing != "" {
		t.Errorf("%q is not in\n%s", missing, out)
	}
	if missing := inOrder(out, "note", "RabbitMQ at 127.0.0.1:1 does not answer"); missing != "" {
		t.Errorf("%q is not in\n%s", missing, out)
	}
}

func TestWaitForManyTellsOfThoseThatGoWrong(t *testing.T) {
	s := systemtest.Up(t)
	forgetTickets(t, s)
	out, err := s.Traceria("buy", "--wait", "--count", "6", "--failure", "kitchen.poison")
	if systemtest.ExitCode(err) != 1 || !strings.Contains(err.Error(), "6 of 6 orders are not delivered, the first: order ") {
		t.Errorf("got %v", err)
	}
	dead := 0
	for line := range strings.Lines(out) {
		if strings.Contains(line, " dead  ") && strings.Contains(line, heldTicket+".dead") {
			dead++
		}
	}
	if dead != 6 || strings.Contains(out, "attempt 1") || !strings.Contains(out, "orders            6 confirmed") {
		t.Errorf("%d lines of dead letters in\n%s", dead, out)
	}
}

func TestWaitForManyPrintsOneDocument(t *testing.T) {
	s := systemtest.Up(t)
	out, err := s.Traceria("buy", "--wait", "--count", "3", "--failure", "kitchen.reject", "--json")
	var orders []struct{ Status, Rejection string }
	if systemtest.ExitCode(err) != 1 || json.Unmarshal([]byte(out), &orders) != nil || len(orders) != 3 {
		t.Fatalf("%v\n%s", err, out)
	}
	if slices.ContainsFunc(orders, func(o struct{ Status, Rejection string }) bool { return o.Status != "cancelled" || o.Rejection == "" }) {
		t.Errorf("got %+v", orders)
	}
}

func TestWaitWithEveryServiceInOneProcess(t *testing.T) {
	shared := systemtest.Up(t)
	own := &systemtest.System{Addresses: map[string]string{}, Jaeger: shared.Jaeger, Broker: shared.Broker}
	t.Cleanup(func() {
		if err := own.Stop(); err != nil {
			t.Error(err)
		}
	})
	own.Env = append(append([]string{}, shared.Env...), "AMQP_URL="+shared.Broker.VHost(t), "TRACERIA_DATA="+t.TempDir())
	for _, service := range pizzeria.All() {
		own.Addresses[service.Name] = systemtest.FreeAddress(t)
		own.Env = append(own.Env, strings.ToUpper(service.Name)+"_URL=http://"+own.Addresses[service.Name])
	}
	own.Launch(t, "all", nil, os.Args[0], "all")
	for name, address := range own.Addresses {
		systemtest.AwaitReady(t, name, address)
	}
	if out, err := own.Traceria("buy", "--wait"); err != nil || !strings.Contains(out, "1 delivered after") {
		t.Errorf("%v\n%s", err, out)
	}
	out, err := own.Traceria("buy", "--wait", "--failure", "kitchen.poison")
	if systemtest.ExitCode(err) != 1 || !strings.Contains(err.Error(), heldTicket+".dead") || !strings.Contains(out, "attempt 3") {
		t.Errorf("%v\n%s", err, out)
	}
}
