package load

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"traceria/services/host"
	"traceria/services/load/pace"
	"traceria/services/order/orderclient"
	"traceria/services/wait"
)

const (
	// patience is how late an order may be sent while as many as allowed are on their way.
	patience = time.Second
	// afterInterrupt limits the waits for answers and deliveries after ctx has ended, and lastTime all that Run does then.
	afterInterrupt = 5 * time.Second
	lastTime       = 20 * time.Second
)

// run is a load that goes on.
type run struct {
	options Options
	plan    pace.Plan
	ledger  *ledger
	began   time.Time
	unread  error // why the last look at the orders failed
	// interrupted reports that ctx ended before all orders were delivered.
	interrupted bool

	mu    sync.Mutex
	phase Phase
}

// Run places orders as the options say, waits until they are delivered, and reports. When ctx ends it sends no more, waits a few
// seconds for what is under way, and reports what it has. The error says why there is no report, or that the orders could not be
// read at the end. [Report.Err] says whether an order did not end or was doubled.
func Run(ctx context.Context, o Options) (Report, error) {
	o = o.withDefaults()
	if err := o.Check(); err != nil {
		return Report{}, err
	}
	if _, err := o.Order.From(ctx, "ORD1", o.Customer); err != nil {
		return Report{}, err
	}
	r := &run{options: o, plan: o.plan(), ledger: newLedger(), began: time.Now()}
	defer r.tell()()
	rest, stop := wait.Longer(ctx, lastTime)
	defer stop()

	before := r.dropped(rest)
	r.send(ctx)
	r.enter(Waiting)
	r.settleWithin(ctx, rest)
	r.interrupted = ctx.Err() != nil
	report := r.newReport()
	if err := r.lastLook(rest, &report, before); err != nil {
		return report, fmt.Errorf("read the orders after the load: %w", err)
	}
	return report, nil
}

// send sends the orders until ctx ends, and reads meanwhile what becomes of them.
func (r *run) send(ctx context.Context) {
	requests, stop := wait.Longer(ctx, afterInterrupt)
	defer stop()
	following, end := context.WithCancel(requests)
	var group sync.WaitGroup
	group.Go(func() { r.follow(following) })
	warm := r.plan.WarmUps()
	pace.Sender{
		InFlight: r.options.InFlight, Patience: patience,
		Send: func(n int, intended time.Time) {
			if n >= warm {
				r.enter(Sending)
			}
			r.place(requests, n < warm, intended)
		},
		Unsent: func(n int, _ time.Time) { r.ledger.leaveOut(n < warm) },
	}.Run(ctx, r.plan)
	end()
	group.Wait()
}

// place places one order.
func (r *run) place(ctx context.Context, warm bool, intended time.Time) {
	header := http.Header{}
	if r.options.Failure != "" {
		header.Set("X-Traceria-Failure", r.options.Failure)
	}
	r.ledger.send(warm, intended)
	placed, err := r.options.Order.Do(ctx, http.MethodPost, "/order", header, orderclient.OneMargherita(r.options.Customer))
	if err != nil {
		r.ledger.refuse(warm, reason(err))
		return
	}
	o, err := newOrder(placed, intended, warm)
	if err != nil {
		r.ledger.refuse(warm, err.Error())
		return
	}
	r.ledger.add(o)
}

// reason says in a few words why an order was not placed, so that equal reasons can be counted.
func reason(err error) string {
	if problem, ok := errors.AsType[*host.Problem](err); ok {
		return fmt.Sprintf("%d %s", problem.Status, problem.Title)
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return "no answer in time"
	}
	if errors.Is(err, context.Canceled) {
		return "no answer before the end"
	}
	return "no answer"
}

// settleWithin waits for the rest of the orders, and for a short time only after ctx has ended.
func (r *run) settleWithin(ctx, rest context.Context) {
	short, stop := wait.Longer(ctx, afterInterrupt)
	defer stop()
	limited, cancel := context.WithTimeout(short, r.options.Wait)
	defer cancel()
	r.settle(limited)
	if r.unread != nil && limited.Err() != nil { // the last look was cut off
		r.unread = r.look(rest, r.ledger.unsettled())
	}
}

// lastLook reads the traces, and then all orders once more: one that was delivered twice was so at any time.
func (r *run) lastLook(ctx context.Context, report *Report, before []Dropped) error {
	r.enter(Reading)
	report.Traces, report.Hops, report.Path = r.readTraces(ctx)
	err := r.look(ctx, r.ledger.all())
	report.Dropped = since(before, r.dropped(ctx))
	r.judge(report)
	if !report.Interrupted {
		r.findUnfinished(ctx, report)
	}
	return err
}

func (r *run) dropped(ctx context.Context) []Dropped {
	if r.options.Dropped == nil {
		return nil
	}
	return r.options.Dropped(ctx)
}
