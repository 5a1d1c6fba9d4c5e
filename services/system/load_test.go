package system

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"traceria/services/system/systemtest"
)

// loaded is what the tests read of the document of `traceria load --json`.
type loaded struct {
	Offered, Placed, Delivered, Cancelled int
	Interrupted                           bool
	Lost                                  struct {
		Orders int
		States []struct{ What string }
		First  []struct{ OrderID, State, Where string }
	}
	Doubled  struct{ Orders int }
	Delivery struct{ P50Ms, P95Ms, P99Ms, MaxMs float64 }
	Traces   struct {
		Checked, Complete, Absent int
		Incomplete                []struct{ Lacks string }
		Error                     string
	}
	Dropped []struct{ Part, Unknown string }
	Hops    []struct {
		Name       string
		Orders     int
		Wait, Work struct{ P50Ms, P95Ms float64 }
		BackOff    struct{ P50Ms, P95Ms float64 }
		Retried    int
	}
	Path []struct {
		Kind  string
		Share float64
	}
}

// At a low rate every order is delivered once, every trace is complete, and each hop has its times.
func TestALoadIsDelivered(t *testing.T) {
	s := systemtest.Up(t)
	out, err := s.Traceria("load", "--rate", "4", "--duration", "4s", "--warm-up", "1s", "--wait", "1m", "--sample", "all")
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if missing := inOrder(out,
		"steady load of 4 orders/s for 4s by customer load-", "offered    16: 16 placed, 0 refused, 0 not sent in time", "delivered  16",
		"lost       0", "doubled    0", "rate held  ", "p50", "p95", "p99", "max", "answer ", "to delivery ", "16 of 16 that were checked are complete",
		"dropped    0 spans", "of the time to delivery: ", "work ",
		"hop", "POST /order", "order.order-created", "kitchen.order-confirmed", "kitchen.ticket-opened", "█", "delivery.order-boxed",
	); missing != "" {
		t.Errorf("%q is not in its place in\n%s", missing, out)
	}
	t.Log(out)
}

// A ticket that is never cooked loses its order. The report says where it is, and the exit code is 1.
func TestALoadSaysWhichOrdersAreLost(t *testing.T) {
	s := systemtest.Up(t)
	forgetTickets(t, s)
	if out, err := s.Traceria("failure", "set", "kitchen.poison", "--percent", "70"); err != nil {
		t.Fatal(err, out)
	}
	t.Cleanup(func() {
		if out, err := s.Traceria("failure", "clear", "kitchen.poison"); err != nil {
			t.Error(err, out)
		}
	})
	out, err := s.Traceria("load", "--rate", "5", "--duration", "3s", "--wait", "20s", "--json")
	var r loaded
	if decodeErr := json.Unmarshal([]byte(out), &r); decodeErr != nil {
		t.Fatalf("%v, %v in\n%s", err, decodeErr, out)
	}
	if systemtest.ExitCode(err) != 1 || !strings.Contains(err.Error(), "lost") || r.Lost.Orders == 0 || r.Placed != 15 || r.Delivered+r.Lost.Orders != 15 {
		t.Errorf("%v\n%s", err, out)
	}
	for _, lost := range r.Lost.First {
		if lost.State != "confirmed" || !strings.Contains(lost.Where, heldTicket+".dead") {
			t.Errorf("order %s is lost: %+v", lost.OrderID, lost)
		}
	}
	if r.Doubled.Orders != 0 || r.Traces.Checked != r.Delivered || r.Traces.Complete != r.Traces.Checked || r.Traces.Error != "" {
		t.Errorf("doubled %+v, traces %+v", r.Doubled, r.Traces)
	}
	if r.Delivered > 0 && (r.Delivery.P50Ms <= 0 || r.Delivery.P50Ms > r.Delivery.P99Ms || r.Delivery.P99Ms > r.Delivery.MaxMs || len(r.Hops) < 8 || len(r.Path) < 2) {
		t.Errorf("delivery %+v, hops %+v, path %+v", r.Delivery, r.Hops, r.Path)
	}
	// Progress is not in the document, and goes to standard error.
	if !strings.Contains(err.Error(), "sending ") || !strings.Contains(err.Error(), "placed, ") {
		t.Errorf("no progress in %v", err)
	}
}

// startLoad starts a load that takes a long time, and waits until it has placed orders.
func startLoad(t *testing.T, s *systemtest.System, args ...string) (cmd *exec.Cmd, out, progress *systemtest.Buffer, ended chan error) {
	t.Helper()
	cmd = exec.CommandContext(t.Context(), os.Args[0], append([]string{"load", "--rate", "2", "--duration", "10m"}, args...)...)
	out, progress = &systemtest.Buffer{}, &systemtest.Buffer{}
	cmd.Env, cmd.Stdout, cmd.Stderr = append(append([]string{}, s.Env...), systemtest.AsBinary+"=1"), out, progress
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended = make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	systemtest.Eventually(t, 30*time.Second, "orders are placed", func() bool { return strings.Contains(progress.String(), "placed") })
	return cmd, out, progress, ended
}

// Ctrl-C ends the sending, and the report is about the orders so far.
func TestAnInterruptedLoadReports(t *testing.T) {
	s := systemtest.Up(t)
	cmd, out, progress, ended := startLoad(t, s)
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		if systemtest.ExitCode(err) != 1 || !strings.Contains(progress.String(), "interrupted: the report has the orders so far") {
			t.Errorf("got %v, %s", err, progress)
		}
	case <-time.After(time.Minute):
		t.Fatal("the load does not end")
	}
	if missing := inOrder(out.String(), "steady load of 2 orders/s", "offered ", "under way when the load was interrupted", "lost       0"); missing != "" {
		t.Errorf("%q is not in\n%s", missing, out)
	}
}

// A second Ctrl-C ends the load at once, without a report.
func TestASecondInterruptEndsALoadAtOnce(t *testing.T) {
	s := systemtest.Up(t)
	cmd, out, _, ended := startLoad(t, s, "--failure", "kitchen.slow=2s")
	for {
		if err := cmd.Process.Signal(syscall.SIGINT); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Fatal(err)
		}
		select {
		case err := <-ended:
			exit, ok := errors.AsType[*exec.ExitError](err)
			if !ok || !exit.Sys().(syscall.WaitStatus).Signaled() || out.String() != "" {
				t.Errorf("got %v and\n%s", err, out)
			}
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
}
