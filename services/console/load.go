package console

import (
	"context"
	"encoding/json"
	"math"
	"net/http"
	"sync"
	"time"

	"traceria/services/host"
	"traceria/services/load/pace"
)

const (
	leastPerSecond = 0.1
	mostPerSecond  = 50
	mostSeconds    = 600
	// mostUnderWay limits the orders that are being placed. Beyond it an order counts as refused: the rate must not depend on how
	// fast the order service answers.
	mostUnderWay = 100
)

// loadStatus is the answer of GET /api/load.
type loadStatus struct {
	Running    bool       `json:"running"`
	PerSecond  float64    `json:"perSecond"`
	Seconds    int        `json:"seconds"`
	Placed     int        `json:"placed"`
	Refused    int        `json:"refused"`
	Started    *time.Time `json:"started"`
	Ends       *time.Time `json:"ends"`
	CustomerID string     `json:"customerId"`
	Failure    string     `json:"failure"`
}

// load places orders at a steady rate, one load at a time.
type load struct {
	console *console
	mu      sync.Mutex
	status  loadStatus
	run     int    // the number of the load that goes on
	stop    func() // ends it
	begin   chan func(context.Context)
	changed func()
}

func newLoad(c *console) *load {
	return &load{console: c, stop: func() {}, begin: make(chan func(context.Context)), changed: func() {}}
}

// work runs loads until ctx ends.
func (l *load) work(ctx context.Context) {
	var group sync.WaitGroup
	defer group.Wait()
	for {
		select {
		case run := <-l.begin:
			group.Go(func() { run(ctx) })
		case <-ctx.Done():
			return
		}
	}
}

func (l *load) now() loadStatus {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.status
}

func (l *load) update(run int, change func(*loadStatus)) {
	l.mu.Lock()
	if l.run == run {
		change(&l.status)
	}
	l.mu.Unlock()
	l.changed()
}

// start ends the load that goes on and begins another one. Its orders link to the span of ctx.
func (l *load) start(ctx context.Context, wanted loadStatus, o ordering) error {
	started := time.Now().UTC()
	ends := started.Add(time.Duration(wanted.Seconds) * time.Second)
	wanted.Running, wanted.Started, wanted.Ends = true, &started, &ends
	life, stop := context.WithDeadline(context.WithoutCancel(ctx), ends)
	l.mu.Lock()
	l.stop()
	l.stop, l.status = stop, wanted
	l.run++
	run := l.run
	l.mu.Unlock()
	l.changed()
	ended := func() {
		stop()
		l.update(run, func(s *loadStatus) { s.Running = false })
	}
	select {
	case l.begin <- func(service context.Context) {
		defer ended()
		defer context.AfterFunc(service, stop)()
		l.place(life, service, run, pace.Plan{Rate: wanted.PerSecond, Duration: ends.Sub(started)}, o)
	}:
		return nil
	case <-ctx.Done():
		ended()
		return context.Cause(ctx)
	}
}

// end ends the load that goes on.
func (l *load) end() {
	l.mu.Lock()
	l.stop()
	l.status.Running = false
	l.mu.Unlock()
	l.changed()
}

// answerTime limits the placing of one order of a load.
const answerTime = 10 * time.Second

// place places orders at a steady rate until life ends, whether the one before was answered or not. Then it waits for the answers,
// unless the service stops.
func (l *load) place(life, service context.Context, run int, plan pace.Plan, o ordering) {
	count := func(placed bool) { l.update(run, func(s *loadStatus) { s.count(placed) }) }
	pace.Sender{
		InFlight: mostUnderWay,
		Send: func(int, time.Time) {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(life), answerTime)
			defer cancel()
			defer context.AfterFunc(service, cancel)()
			count(l.console.placeApart(ctx, o).placed())
		},
		Unsent: func(int, time.Time) { count(false) },
	}.Run(life, plan)
	<-life.Done() // the load runs to its end although its last order was placed a moment before
}

func (s *loadStatus) count(placed bool) {
	if placed {
		s.Placed++
	} else {
		s.Refused++
	}
}

// loadBody is the body of PUT /api/load. An empty list of items is one Margherita.
type loadBody struct {
	PerSecond  float64         `json:"perSecond"`
	Seconds    int             `json:"seconds"`
	CustomerID string          `json:"customerId"`
	Failure    string          `json:"failure"`
	Items      json.RawMessage `json:"items"`
}

// showLoad answers GET /api/load.
func (c *console) showLoad(w http.ResponseWriter, r *http.Request) error {
	if _, err := parameters(r); err != nil {
		return err
	}
	return host.WriteJSON(w, http.StatusOK, c.load.now())
}

// startLoad answers PUT /api/load.
func (c *console) startLoad(w http.ResponseWriter, r *http.Request) error {
	body, err := host.ReadJSON[loadBody](w, r)
	if err != nil {
		return err
	}
	if math.IsNaN(body.PerSecond) || body.PerSecond < leastPerSecond || body.PerSecond > mostPerSecond {
		return host.Invalid("perSecond", "is %g, want a number from %g to %d", body.PerSecond, leastPerSecond, mostPerSecond)
	}
	if body.Seconds < 1 || body.Seconds > mostSeconds {
		return host.Invalid("seconds", "is %d, want a whole number from 1 to %d", body.Seconds, mostSeconds)
	}
	wanted := loadStatus{PerSecond: body.PerSecond, Seconds: body.Seconds, CustomerID: body.CustomerID, Failure: body.Failure}
	order := orderBody{CustomerID: body.CustomerID, Failure: body.Failure, Items: body.Items}
	if order.CustomerID == "" {
		order.CustomerID = loadCustomer
	}
	if err := host.CheckID("customerId", order.CustomerID); err != nil {
		return err
	}
	if len(order.Items) == 0 {
		order.Items = json.RawMessage(`[{"itemName":"Margherita","quantity":1}]`)
	}
	one, err := newOrdering(r.Context(), order)
	if err != nil {
		return err
	}
	if err := c.load.start(r.Context(), wanted, one); err != nil {
		return err
	}
	return host.WriteJSON(w, http.StatusOK, c.load.now())
}

// loadCustomer is the customer of a load that names none.
const loadCustomer = "load"

// stopLoad answers DELETE /api/load.
func (c *console) stopLoad(w http.ResponseWriter, _ *http.Request) error {
	c.load.end()
	return host.WriteJSON(w, http.StatusOK, c.load.now())
}
