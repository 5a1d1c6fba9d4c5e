package order

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"traceria/services/failure"
	"traceria/services/host"
)

func orderOf(customer, street string) string {
	return order(fmt.Sprintf("%q", customer), oneItem, fmt.Sprintf(`,"deliveryAddress":{"addressLine1":%q}`, street))
}

func TestAnIdempotencyKeyBelongsToItsCustomer(t *testing.T) {
	t.Parallel()
	service := run(t)
	place := func(customer string) summary {
		a := service.call(t, http.MethodPost, "/order", orderOf(customer, "1 Road"), keyHeader, "k-1")
		if a.status != http.StatusAccepted {
			t.Fatalf("%s: got %d %s", customer, a.status, a.body)
		}
		return read[summary](t, a)
	}
	first, other, again := place("c-1"), place("c-2"), place("c-1")
	if first.OrderID == other.OrderID || first.OrderNumber == other.OrderNumber || again != first {
		t.Errorf("c-1 has %+v and then %+v, c-2 has %+v", first, again, other)
	}
	for id, customer := range map[string]string{first.OrderID: "c-1", other.OrderID: "c-2"} {
		if got := read[view](t, service.call(t, http.MethodGet, "/order/"+id, "")); got.CustomerID != customer {
			t.Errorf("order %s belongs to %s, want %s", id, got.CustomerID, customer)
		}
	}
	if orders, events := service.stored(t); orders != 2 || events != 2 {
		t.Errorf("%d orders and %d events, want two of each", orders, events)
	}
}

// For any requests, a customer and a key have one order: the first. Customers and keys that give the same text when they are joined
// stay different.
func TestACustomerAndAKeyHaveOneOrder(t *testing.T) {
	t.Parallel()
	service := run(t)
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		type owner struct{ customer, key string }
		type kept struct{ id, street string }
		known := map[owner]kept{}
		for range rapid.IntRange(2, 6).Draw(rt, "requests") {
			who := owner{
				rapid.SampledFrom([]string{"a", "ab", "A", "a/b", "ü"}).Draw(rt, "customer"),
				rapid.SampledFrom([]string{"k", "bk", "K", `"k"`, "..", "k, k"}).Draw(rt, "key"),
			}
			street := rapid.SampledFrom([]string{"1 Road", "2 Road"}).Draw(rt, "street")
			a := service.call(t, http.MethodPost, "/order", orderOf(who.customer, street), keyHeader, fmt.Sprint(who.key, " ", run))
			before, repeated := known[who]
			if repeated && before.street != street {
				if p := read[host.Problem](t, a); a.status != http.StatusUnprocessableEntity || p.Field != keyHeader {
					rt.Fatalf("%v with another order: got %d %+v", who, a.status, p)
				}
				continue
			}
			id := read[summary](t, a).OrderID
			if a.status != http.StatusAccepted || repeated && id != before.id {
				rt.Fatalf("%v: got %d %s, want order %q", who, a.status, a.body, before.id)
			}
			for other, k := range known {
				if other != who && k.id == id {
					rt.Fatalf("%v and %v have the same order", other, who)
				}
			}
			known[who] = kept{id, street}
		}
	})
}

func TestAnIdempotencyKeyHasLimits(t *testing.T) {
	t.Parallel()
	service := run(t)
	long := strings.Repeat("k", host.MaxID)
	for key, want := range map[string]int{
		"k": 202, long: 202, ".": 202, `"8e03978e-40d5-43dd-bc93-6894a57f9324"`: 202, "k, k": 202, "clé": 202, strings.Repeat("é", host.MaxID/2): 202,
		"": 422, " ": 422, long + "k": 422, "k\tk": 422, "k\xff": 422, strings.Repeat("é", host.MaxID/2+1): 422,
	} {
		a := service.call(t, http.MethodPost, "/order", goodOrder, keyHeader, key)
		if a.status != want {
			t.Errorf("%q: got %d %s, want %d", key, a.status, a.body, want)
		}
		if want == 422 {
			if p := read[host.Problem](t, a); p.Field != keyHeader || !strings.Contains(p.Detail, "want 1 to 200 bytes") {
				t.Errorf("%q: got %+v", key, p)
			}
		}
	}
	if orders, events := service.stored(t); orders != 7 || events != 7 {
		t.Errorf("%d orders and %d events, want 7 of each", orders, events)
	}
}

func TestOneKeyOfManyCustomersAtOnceIsAnOrderForEach(t *testing.T) {
	t.Parallel()
	service := run(t)
	const customers = 4
	answers := inParallel(4*customers, func(i int) answer {
		return service.call(t, http.MethodPost, "/order", orderOf(fmt.Sprint("c-", i%customers), "1 Road"), keyHeader, "k-1")
	})
	ids := map[string]int{}
	for i, a := range answers {
		if a.status != http.StatusAccepted {
			t.Errorf("got %d %s", a.status, a.body)
			continue
		}
		id := read[summary](t, a).OrderID
		if of, known := ids[id]; known && of != i%customers {
			t.Errorf("customers %d and %d have the same order", of, i%customers)
		}
		ids[id] = i % customers
	}
	if orders, events := service.stored(t); len(ids) != customers || orders != customers || events != customers {
		t.Errorf("%d ids, %d orders and %d events, want %d of each", len(ids), orders, events, customers)
	}
}

// The experiment integration stores the order first and calls the others for seconds: a repeated request finds the order under way.
func TestAKeyAtOnceIsOneSynchronousOrder(t *testing.T) {
	t.Parallel()
	peers := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(20 * time.Millisecond) // so that requests overlap
		_, _ = w.Write([]byte("{}"))
	}))
	t.Cleanup(peers.Close)
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	service := runBeside(t, peers.URL, failure.Setting{Variant: "sync"})
	ids := map[string]bool{}
	for _, a := range inParallel(32, func(int) answer {
		return service.call(t, http.MethodPost, "/order", goodOrder, keyHeader, "k-1")
	}) {
		if a.status != http.StatusAccepted && a.status != http.StatusCreated {
			t.Errorf("got %d %s", a.status, a.body)
		}
		ids[read[summary](t, a).OrderID] = true
	}
	if orders, _ := service.stored(t); len(ids) != 1 || orders != 1 {
		t.Errorf("%d ids and %d orders, want one", len(ids), orders)
	}
}

// A link that does not work is not given. The journey is a page of the console.
func TestAnOrderHasTheLinksThatWork(t *testing.T) {
	t.Parallel()
	service := run(t)
	links := read[struct{ Links map[string]string }](t, service.call(t, http.MethodPost, "/order", goodOrder)).Links
	id := path.Base(links["self"])
	if len(links) != 3 || links["jaeger"] == "" || links["journey"] != "http://127.0.0.1:8080/journeys/"+id {
		t.Errorf("got %v, want self, journey and jaeger", links)
	}
	if a := service.call(t, http.MethodGet, strings.TrimPrefix(links["self"], service.base), ""); a.status != http.StatusOK {
		t.Errorf("%s answers %d", links["self"], a.status)
	}
}
