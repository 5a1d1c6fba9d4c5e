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

// wish is the content of an order and its expected result.
type wish struct {
	customer string
	dish     string
	pieces   int
	key      string // Idempotency-Key
}

// prices are in pence and repeat those of the menu.
var prices = map[string]int{"Margherita": 663, "Diavola": 925, "Garlic Bread": 450}

// wishOf returns order number i: ten customers, three dishes, one to three pieces. Every tenth order exceeds the
// kitchen's limit.
func wishOf(i int) wish {
	dishes := []string{"Margherita", "Diavola", "Garlic Bread"}
	w := wish{customer: fmt.Sprintf("customer-%d", (i*7+i/10)%10), dish: dishes[i%3], pieces: 1 + i%4%3, key: fmt.Sprintf("order-%d-%d", i, time.Now().UnixNano())}
	if i%10 == 9 {
		w.pieces = systemtest.LargestTicket + 1
	}
	return w
}

// tooLarge reports whether the kitchen will reject the order, which is then cancelled.
func (w wish) tooLarge() bool { return w.pieces > systemtest.LargestTicket }

// points returns the customer's points for the order: one per whole pound, none for a cancelled order.
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

// orders are the orders of one test.
type orders struct {
	all   []*accepted // in order of acceptance; complete after finish
	later bool

	// shop is read-locked while an order is placed. Its write lock stops all customers.
	shop sync.RWMutex

	mu    sync.Mutex
	news  chan struct{} // buffered for every order
	done  chan struct{}
	wrong error
}

// patience limits the attempts to place one order.
const patience = 2 * time.Minute

// takeOrders places n orders, evenly over a time. Without an answer it repeats the request with the same
// Idempotency-Key, because the first request may have succeeded.
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
			o.wrong = errors.Join(o.wrong, fmt.Errorf("an order was not accepted: %w", err))
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

// soFar returns the orders that are accepted by now.
func (o *orders) soFar() []*accepted {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.all)
}

// awaitAccepted waits until n more orders are accepted.
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

// skipNews makes awaitAccepted count from now on.
func (o *orders) skipNews() {
	for {
		select {
		case <-o.news:
		default:
			return
		}
	}
}

// finish waits until every request is answered.
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
