package orderclient_test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"traceria/services/host"
	"traceria/services/order/orderclient"
)

// answering is an order service with one answer. It reports the last path that was asked for.
func answering(t *testing.T, status int, body string) (*orderclient.Client, *string) {
	t.Helper()
	var asked string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.String()
		w.WriteHeader(status)
		_, _ = fmt.Fprint(w, body)
	}))
	t.Cleanup(server.Close)
	return orderclient.New(server.URL), &asked
}

func TestAnOrderIsFoundByItsNumber(t *testing.T) {
	t.Parallel()
	client, asked := answering(t, http.StatusOK, `{"orders":[{"orderId":"o-17","orderNumber":"ORD17"}]}`)
	order, err := client.FindNumber(t.Context(), "ORD17")
	if err != nil || order.OrderID != "o-17" || *asked != "/order?orderNumber=ORD17" {
		t.Errorf("got %+v, %v from %s", order, err, *asked)
	}
	client, _ = answering(t, http.StatusOK, `{"orders":[]}`)
	if _, err := client.FindNumber(t.Context(), "ORD18"); err == nil || !strings.Contains(err.Error(), "has no order ORD18") {
		t.Errorf("got %v", err)
	}
}

func TestAPageOfOrdersIsRead(t *testing.T) {
	t.Parallel()
	client, asked := answering(t, http.StatusOK, `{"orders":[{"orderId":"o-17","orderNumber":"ORD17","timeline":[{"event":"OrderCreated"}]}]}`)
	orders, err := client.From(t.Context(), "ORD17", "c 1")
	if err != nil || len(orders) != 1 || len(orders[0].Timeline) != 1 || *asked != "/order?customerId=c+1&from=ORD17&limit=200&timeline=true" {
		t.Errorf("got %+v, %v from %s", orders, err, *asked)
	}
	client, _ = answering(t, http.StatusOK, `{}`)
	if _, err := client.From(t.Context(), "ORD17", ""); err == nil || !strings.Contains(err.Error(), "does not answer like an order service") {
		t.Errorf("got %v", err)
	}
}

// A client for many requests keeps their connections.
func TestManyRequestsShareTheirConnections(t *testing.T) {
	t.Parallel()
	const atOnce = 20
	var opened atomic.Int64
	arrived, answer := make(chan struct{}), make(chan struct{})
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		arrived <- struct{}{}
		<-answer
		_, _ = fmt.Fprint(w, `{"orderId":"o-1"}`)
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	client, done := orderclient.NewWithConnections(server.URL, atOnce)
	defer done()
	for range 3 {
		var group sync.WaitGroup
		for range atOnce {
			group.Go(func() {
				if _, err := client.Get(t.Context(), "o-1"); err != nil {
					t.Error(err)
				}
			})
		}
		for range atOnce { // all requests are there before the first is answered
			<-arrived
		}
		for range atOnce {
			answer <- struct{}{}
		}
		group.Wait()
	}
	if n := opened.Load(); n > 2*atOnce {
		t.Errorf("%d connections for %d requests at once, three times", n, atOnce)
	}
}

func TestAnAnswerThatIsNoOrderIsAnError(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{"<html>": "does not answer like an order service", "{}": "does not answer like an order service"} {
		client, _ := answering(t, http.StatusOK, body)
		if _, err := client.Get(t.Context(), "o-1"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", body, err)
		}
	}
	client, _ := answering(t, http.StatusNotFound, `{"status":404,"title":"Not found","detail":"there is no order \"o-1\""}`)
	_, err := client.Get(t.Context(), "o-1")
	if problem, ok := errors.AsType[*host.Problem](err); !ok || problem.Status != http.StatusNotFound {
		t.Errorf("got %v", err)
	}
	client, _ = answering(t, http.StatusBadGateway, "proxy")
	if _, err := client.Get(t.Context(), "o-1"); err == nil || !strings.Contains(err.Error(), "502") {
		t.Errorf("got %v", err)
	}
}

func TestTheIdOfAnOrderIsOnePartOfThePath(t *testing.T) {
	t.Parallel()
	client, asked := answering(t, http.StatusOK, `{"orderId":"a/b?c"}`)
	if _, err := client.Get(t.Context(), "a/b?c"); err != nil || *asked != "/order/a%2Fb%3Fc" {
		t.Errorf("asked for %s: %v", *asked, err)
	}
}
