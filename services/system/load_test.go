package system

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"traceria/services/system/systemtest"
)

// unfinished are the orders of one fate.
type unfinished struct {
	Orders int
	States []struct{ What string }
	First  []stopped
}

type stopped struct{ OrderID, State, Where string }

// loaded is what the tests read of the document of `traceria load --json`.
type loaded struct {
	Offered, Placed, Delivered, Cancelled int
	Interrupted                           bool
	Late, Dead, Lost, Unknown             unfinished
	Doubled                               struct{ Orders int }
	Delivery                              struct{ P50Ms, P95Ms, P99Ms, MaxMs float64 }
	Traces                                struct {
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

// A ticket that can never be cooked is a dead letter, and its order is dead. The report names the dead letter and the hop that the
// order did not get beyond. The exit code is 1.
func TestALoadSaysWhichOrdersAreDead(t *testing.T) {
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
	if systemtest.ExitCode(err) != 1 || !strings.Contains(err.Error(), " dead") || r.Dead.Orders == 0 || r.Placed != 15 || r.Delivered+r.Dead.Orders != 15 {
		t.Errorf("%v\n%s", err, out)
	}
	for _, dead := range r.Dead.First {
		if dead.State != "confirmed" || !strings.HasPrefix(dead.Where, "process "+heldTicket+": dead letter in "+heldTicket+".dead (") {
			t.Errorf("order %s is dead: %+v", dead.OrderID, dead)
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

// Orders that wait for a cook when the wait ends are late: nothing is lost, and each says which queue or consumer has it.
func TestALoadSaysWhichOrdersAreLate(t *testing.T) {
	s := systemtest.Up(t)
	out, err := s.Traceria("load", "--rate", "6", "--duration", "3s", "--wait", "1s", "--failure", "kitchen.slow=2s", "--json")
	var r loaded
	if decodeErr := json.Unmarshal([]byte(out), &r); decodeErr != nil {
		t.Fatalf("%v, %v in\n%s", err, decodeErr, out)
	}
	if systemtest.ExitCode(err) != 1 || !strings.Contains(err.Error(), " late") || r.Late.Orders == 0 || r.Late.Orders+r.Delivered != 18 {
		t.Errorf("%v\n%s", err, out)
	}
	if r.Dead.Orders+r.Lost.Orders+r.Unknown.Orders > 0 {
		t.Errorf("%d dead, lost %+v, unknown %+v", r.Dead.Orders, r.Lost.First, r.Unknown.First)
	}
	queued := 0
	for _, late := range r.Late.First {
		if strings.HasPrefix(late.Where, "process "+heldTicket+": ") {
			queued++
		} else if late.Where == "" {
			t.Errorf("nothing says where order %s is", late.OrderID)
		}
	}
	if queued == 0 {
		t.Errorf("no order waits in %s: %+v", heldTicket, r.Late.First)
	}
	systemtest.Eventually(t, time.Minute, "the late orders are delivered", func() bool {
		return !slices.ContainsFunc(r.Late.First, func(late stopped) bool {
			now, err := s.Client().Get(t.Context(), late.OrderID)
			return err != nil || now.Status != "delivered"
		})
	})
}

// Orders whose messages the kitchen acked without any work are lost.
func TestALoadSaysWhichOrdersAreLost(t *testing.T) {
	s := systemtest.Up(t)
	out, err := s.Traceria("load", "--rate", "2", "--duration", "2s", "--wait", "5s", "--failure", "trace.uninstrumented-error")
	if missing := inOrder(out, "4 placed", "delivered  0", "lost       4: still 4 confirmed; no part of the system has them",
		"confirmed  send kitchen.order-preparing.v1, kitchen.order-boxed.v1: lost: acked without work", "doubled    0"); missing != "" ||
		systemtest.ExitCode(err) != 1 || !strings.Contains(err.Error(), "of 4 orders 4 lost") {
		t.Errorf("no %q in\n%s%v", missing, out, err)
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
