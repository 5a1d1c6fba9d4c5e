package chaos

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"traceria/services/host"
	"traceria/services/order/orderclient"
	"traceria/services/system/systemtest"
)

// wish is what a customer wants, and what must come of it.
type wish struct {
	customer string
	dish     string
	pieces   int
	key      string // Idempotency-Key
}

// prices are in pence, from the menu on the wall.
var prices = map[string]int{"Margherita": 663, "Diavola": 925, "Garlic Bread": 450}

// wishOf is the order of number i: ten customers, three dishes, one to three pieces; every tenth order is more
// than the kitchen can make.
func wishOf(i int) wish {
	dishes := []string{"Margherita", "Diavola", "Garlic Bread"}
	w := wish{customer: fmt.Sprintf("customer-%d", (i*7+i/10)%10), dish: dishes[i%3], pieces: 1 + i%4%3, key: fmt.Sprintf("order-%d-%d", i, time.Now().UnixNano())}
	if i%10 == 9 {
		w.pieces = systemtest.LargestTicket + 1
	}
	return w
}

// tooLarge orders are rejected by the kitchen, and then cancelled.
func (w wish) tooLarge() bool { return w.pieces > systemtest.LargestTicket }

// points are what is left of the order in the customer's account: one for each whole pound, none when it is cancelled.
func (w wish) points() int {
	if w.tooLarge() {
		return 0
	}
	return prices[w.dish] * w.pieces / 100
}

func (w wish) body() map[string]any {
	return map[string]any{
		"customerId": w.customer, "deliveryAddress": map[string]string{"addressLine1": "167 My Street"},
		"items": []map[string]any{{"itemName": w.dish, "quantity": w.pieces}},
	}
}

// accepted is an order that was answered with 202.
type accepted struct {
	wish
	orderclient.Order
	asked, at time.Time
	later     bool // placed after the fault
	story     story
}

// orders are those of one test, while they are being placed and afterwards.
type orders struct {
	all   []*accepted // in the order of their acceptance; complete after finish
	later bool

	// shop is held for reading by whoever is ordering: with it locked, nobody is.
	shop sync.RWMutex

	mu    sync.Mutex
	news  chan struct{} // has room for every acceptance
	done  chan struct{}
	wrong error
}

// patience is how long a customer asks for one order.
const patience = 2 * time.Minute

// takeOrders lets n customers order, evenly over a time. A customer who gets no answer asks again, with the same
// Idempotency-Key: whether the first request did something is what nobody can know.
func (p *trial) takeOrders(t *testing.T, n int, over time.Duration) *orders {
	t.Helper()
	o := &orders{news: make(chan struct{}, n), done: make(chan struct{})}
	client := p.Client()
	ctx := t.Context()
	go func() {
		defer close(o.done)
		var customers sync.WaitGroup
		next := time.NewTicker(over / time.Duration(n))
		defer next.Stop()
		for i := range n {
			customers.Go(func() { o.place(ctx, client, wishOf(i)) })
			<-next.C
		}
		customers.Wait()
	}()
	return o
}

func (o *orders) place(ctx context.Context, client *orderclient.Client, w wish) {
	asked := time.Now()
	for {
		o.shop.RLock()
		answer, err := client.Do(ctx, http.MethodPost, "/order", http.Header{"Idempotency-Key": {w.key}}, w.body())
		o.shop.RUnlock()
		if err == nil {
			o.accept(&accepted{wish: w, Order: answer, asked: asked, at: time.Now()})
			return
		}
		var problem *host.Problem
		refused := errors.As(err, &problem) && problem.Status < http.StatusInternalServerError
		if refused || ctx.Err() != nil || time.Since(asked) > patience {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.wrong = errors.Join(o.wrong, fmt.Errorf("an order is not accepted: %w", err))
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func (o *orders) accept(a *accepted) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.all = append(o.all, a)
	o.news <- struct{}{}
}

// soFar are those that are accepted by now.
func (o *orders) soFar() []*accepted {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.all)
}

// awaitAccepted returns when n more orders are accepted.
func (o *orders) awaitAccepted(t *testing.T, n int) {
	t.Helper()
	for i := range n {
		select {
		case <-o.news:
		case <-time.After(patience):
			t.Fatalf("%d of %d orders were accepted within %s", i, n, patience)
		}
	}
}

// finish returns when every customer has an answer.
func (o *orders) finish(t *testing.T) {
	t.Helper()
	<-o.done
	if o.wrong != nil {
		t.Fatal(o.wrong)
	}
	for _, a := range o.all {
		a.later = o.later
	}
}

func (o *orders) join(more *orders) { o.all = append(o.all, more.all...) }
