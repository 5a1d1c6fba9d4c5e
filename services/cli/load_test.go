package cli

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"traceria/services/host"
	"traceria/services/load"
	"traceria/services/load/pace"
	"traceria/telemetry/tracetree"
)

func ms(n int) load.Time { return load.Time(time.Duration(n) * time.Millisecond) }

// The report of a load in which all that can go wrong went wrong. Text of others cannot move the cursor.
func TestTheReportOfALoadSaysWhatWentWrong(t *testing.T) {
	t.Parallel()
	report := load.Report{
		Profile: pace.Ramp, Rate: 12.5, Duration: load.Time(time.Minute), Customer: "c", Interrupted: true,
		Offered: 100, Placed: 90, Unsent: 6, SentLate: 7, Refused: []load.Count{{What: "503 Clo\x1bsed", Orders: 4}},
		Delivered: 80, Cancelled: 2, UnderWay: 1,
		Late: load.Unfinished{Orders: 1, States: []load.Count{{What: "boxed", Orders: 1}}},
		Dead: load.Unfinished{Orders: 2, States: []load.Count{{What: "confirmed", Orders: 2}}},
		Lost: load.Unfinished{Orders: 7, States: []load.Count{{What: "confirmed", Orders: 7}}, First: []load.UnfinishedOrder{
			{OrderID: "o-1", OrderNumber: "ORD1", State: "confirmed", Where: "a dead letter\nhere"},
		}},
		Doubled:    load.Doubles{Orders: 1, First: []load.Double{{OrderID: "o-2", OrderNumber: "ORD2", Entries: []string{"OrderDelivered from delivery, 2 times"}}}},
		PlacedRate: 9.96, DeliveredRate: 8,
		Answer: load.Quantiles{P50: load.Time(1234 * time.Microsecond), P95: ms(20), P99: ms(300), Max: ms(4000)},
		Traces: load.Traces{
			Checked: 20, Complete: 17, Absent: 2, Forgotten: 3, Kept: 5000,
			Incomplete: []load.Incomplete{{OrderID: "o-3", TraceID: "abc", Lacks: "process kitchen.order-confirmed"}},
		},
		Dropped: []load.Dropped{{Part: "kitchen", Spans: 8}, {Part: "collector", Unknown: "away"}},
		Hops: []load.Hop{
			{Name: "POST /order", Work: load.Spread{P50: ms(10), P95: ms(20)}},
			{Name: "kitchen.order-confirmed", Retried: 4, Wait: load.Spread{P50: ms(10)}, BackOff: load.Spread{P50: ms(10)}, Work: load.Spread{P50: ms(10)}},
		},
		Path: []load.Share{{Kind: tracetree.Work, Share: 0.75}, {Kind: tracetree.BackOff, Share: 0.25}},
	}
	var out bytes.Buffer
	cmd := &cobra.Command{}
	cmd.SetOut(&out)
	if err := printLoad(cmd, report, false); err != nil {
		t.Fatal(err)
	}
	want := `ramp load of 12.5 orders/s for 1m0s by customer c
offered    100: 90 placed, 4 refused, 6 not sent in time
sent late  7, by more than 100 ms; their times count from when they should have been sent
refused    4: 503 Clo�sed
delivered  80, 2 cancelled, 1 under way when the load was interrupted
late       1: still 1 boxed; the system has them, and a longer --wait would show when they end
  and 1 more
dead       2: still 2 confirmed; traceria dead redrive sends their dead letters back, once the cause is repaired
  and 2 more
lost       7: still 7 confirmed; no part of the system has them
  ORD1 o-1  confirmed  a dead letter; here
  and 6 more
doubled    1
  ORD2 o-2  OrderDelivered from delivery, 2 times
rate held  10.0 placed/s, 8.0 delivered/s

             p50    p95   p99    max
answer       1.2ms  20ms  300ms  4.00s
to delivery  -      -     -      -
traces     17 of 20 that were checked are complete, 2 are not in Jaeger at all
  abc lacks: process kitchen.order-confirmed
  and 2 more
           3 orders were not chosen from: Jaeger keeps 5000 traces only
dropped    8 spans: kitchen 8; not known of collector (away)

of the time to delivery: work 75%, back-off 25%
hop                      wait p50  p95  work p50  p95   back-off p50  p95  retried    ░ wait  █ work  ▒ back-off, median
POST /order              -         -    10ms      20ms  -             -    0          ██████████
kitchen.order-confirmed  10ms      -    10ms      -     10ms          -    4          ░░░░░░░░░░▒▒▒▒▒▒▒▒▒▒██████████
`
	var lines []string
	for line := range strings.Lines(out.String()) {
		lines = append(lines, strings.TrimRight(line, " \n")+"\n")
	}
	if got := strings.Join(lines, ""); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestTheErrorOfALoadComesFromItsOrders(t *testing.T) {
	t.Parallel()
	good := load.Report{Placed: 2, Delivered: 2}
	if err := loadError(good); err != nil {
		t.Error(err)
	}
	good.Interrupted = true
	if err := loadError(good); err == nil || !strings.HasPrefix(err.Error(), "interrupted") {
		t.Errorf("got %v", err)
	}
	good.Doubled.Orders = 1
	if err := loadError(good); err == nil || err.Error() != "of 2 orders 1 doubled" {
		t.Errorf("got %v", err)
	}
}

// On a pipe there is a line for each phase, and one from time to time.
func TestProgressOfALoadOnAPipe(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	cmd := &cobra.Command{}
	cmd.SetErr(&out)
	told := newLoadProgress(cmd)
	now := load.Progress{Phase: load.Sending, Elapsed: 1400 * time.Millisecond, Whole: time.Minute, Placed: 10, Delivered: 7, UnderWay: 3}
	told.print(now)
	told.print(now)
	now.Phase, now.Refused, now.Unsent = load.Waiting, 1, 2
	told.print(now)
	told.end()
	want := "sending 1s of 1m0s, 10 placed, 7 delivered, 3 under way\nwaiting for deliveries, 10 placed, 7 delivered, 3 under way, 1 refused, 2 not sent\n"
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func TestALoadOutOfBoundsIsRefused(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		"--rate 5000: want 0.1 to 2000 orders in a second":       {"--rate", "5000"},
		`--rate "fast": want a number`:                           {"--rate", "fast"},
		"--duration 3h0m0s: want 1s to 2h0m0s":                   {"--duration", "3h"},
		`--wait "0s": want 1s to 10m`:                            {"--wait", "0s"},
		"--warm-up 11m0s: want 0s to 10m0s":                      {"--warm-up", "11m"},
		`--in-flight "0": want 1 to 5000`:                        {"--in-flight", "0"},
		`--sample "most": want a number from 0, or all`:          {"--sample", "most"},
		`--sample "-1": want a number from 0, or all`:            {"--sample", "-1"},
		`--profile "": want steady, ramp or burst`:               {"--profile", ""},
		`--profile "hill": want steady, ramp, burst`:             {"--profile", "hill"},
		`--customer "": want an id`:                              {"--customer", ""},
		"did you mean kitchen.slow?":                             {"--failure", "kitchen.slwo"},
		"1800000 orders: want at most 500000; lower the rate or": {"--rate", "500", "--duration", "1h"},
	} {
		root := newRoot()
		root.SetArgs(append([]string{"load"}, args...))
		err := root.ExecuteContext(t.Context())
		if _, isUsage := errors.AsType[usageError](err); !isUsage || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: got %v, want a usage error with %q", args, err, want)
		}
	}
}

func TestTheNumberOfTracesThatJaegerKeepsIsChecked(t *testing.T) {
	t.Setenv("JAEGER_MAX_TRACES", "")
	if n, err := keptTraces(); n != load.DefaultKept || err != nil {
		t.Error(n, err)
	}
	t.Setenv("JAEGER_MAX_TRACES", "40000")
	if n, err := keptTraces(); n != 40000 || err != nil {
		t.Error(n, err)
	}
	t.Setenv("JAEGER_MAX_TRACES", "0")
	if _, err := keptTraces(); !errors.Is(err, host.ErrConfiguration) || !strings.Contains(err.Error(), "want a number from 1") {
		t.Errorf("got %v", err)
	}
}
