package bench

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"traceria/services/order/orderclient"
)

// order is an order that was answered with 202.
type order struct {
	orderclient.Order
	meant time.Time // the time at which it was to be placed
}

// offered are the orders of one measurement, in the order of their answers.
type offered struct {
	mu      sync.Mutex
	placed  []order
	refused int
	first   time.Time
}

// offer places orders at a rate for a time, whether or not earlier ones are answered: a system that is too slow gets no
// fewer orders (https://www.scylladb.com/2021/04/22/on-coordinated-omission/). It returns when all are answered.
func (h *house) offer(t *testing.T, rate float64, over time.Duration) *offered {
	t.Helper()
	o := &offered{first: time.Now()}
	n := int(rate * over.Seconds())
	var customers sync.WaitGroup
	for i := range n {
		meant := o.first.Add(time.Duration(float64(i) / rate * float64(time.Second)))
		time.Sleep(time.Until(meant))
		customers.Go(func() {
			answer, err := h.Client().Do(t.Context(), http.MethodPost, "/order", nil, orderclient.OneMargherita(fmt.Sprintf("customer-%d", i%100)))
			o.add(order{answer, meant}, err)
		})
	}
	customers.Wait()
	if len(o.placed) == 0 {
		t.Fatalf("none of %d orders was accepted\n%s", n, h.LastWords())
	}
	return o
}

func (o *offered) add(one order, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err != nil {
		o.refused++
		return
	}
	o.placed = append(o.placed, one)
}
