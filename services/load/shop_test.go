package load_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"traceria/services/load"
	"traceria/services/order/orderclient"
)

// shop stands for the order service. Order n is delivered a while after it was placed, unless fate says otherwise.
type shop struct {
	// answer delays the answer of POST /order, and delivery the event OrderDelivered.
	answer, delivery time.Duration
	// refuse says with which status an order is refused, or 0.
	refuse func(n int) int
	// fate returns the status that an order ends in, and the timeline's entries that it lacks or has twice.
	fate func(n int) (status string, without, twice string)

	mu       sync.Mutex
	tried    int
	placed   []time.Time
	reads    int
	failures map[string]int
}

func (s *shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		s.place(w, r)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads++
	query := r.URL.Query()
	from, _ := strconv.Atoi(strings.TrimPrefix(query.Get("from"), "ORD"))
	limit, _ := strconv.Atoi(query.Get("limit"))
	orders := []map[string]any{}
	for n := from; n <= len(s.placed) && len(orders) < limit; n++ {
		orders = append(orders, s.view(n))
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"orders": orders})
}

func (s *shop) place(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	n := s.tried
	s.tried++
	if s.failures == nil {
		s.failures = map[string]int{}
	}
	s.failures[r.Header.Get("X-Traceria-Failure")]++
	s.mu.Unlock()
	if s.refuse != nil {
		if status := s.refuse(n); status > 0 {
			w.WriteHeader(status)
			_ = json.NewEncoder(w).Encode(map[string]any{"status": status, "title": "Closed"})
			return
		}
	}
	select {
	case <-time.After(s.answer):
	case <-r.Context().Done():
		return
	}
	s.mu.Lock()
	s.placed = append(s.placed, time.Now())
	view := s.view(len(s.placed))
	s.mu.Unlock()
	w.WriteHeader(http.StatusAccepted)
	_ = json.NewEncoder(w).Encode(view)
}

// view is order n, which counts from 1. The caller holds the lock.
func (s *shop) view(n int) map[string]any {
	at := s.placed[n-1]
	status, without, twice := "delivered", "", ""
	if s.fate != nil {
		status, without, twice = s.fate(n)
	}
	timeline := []map[string]any{}
	for event, after := range map[string]time.Duration{"OrderConfirmed": 0, "LoyaltyPointsEarned": s.delivery, "OrderDelivered": s.delivery} {
		if event == without || event == "OrderDelivered" && status != "delivered" || time.Since(at) < after {
			continue
		}
		entry := map[string]any{"event": event, "version": "v1", "service": "x", "at": at.Add(after)}
		timeline = append(timeline, entry)
		if event == twice {
			timeline = append(timeline, entry)
		}
	}
	if time.Since(at) < s.delivery {
		status = "created"
	}
	return map[string]any{"orderId": "o-" + strconv.Itoa(n), "orderNumber": "ORD" + strconv.Itoa(n), "status": status, "timeline": timeline}
}

// open serves the shop, and returns options of a load for it: 20 orders a second for two seconds.
func open(t *testing.T, s *shop) load.Options {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	client, done := orderclient.NewWithConnections(server.URL, 50)
	t.Cleanup(done)
	return load.Options{Rate: 20, Duration: 2 * time.Second, Wait: 5 * time.Second, Order: client}
}
