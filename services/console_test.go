package main

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"traceria/services/failure"
)

// What the console sets, another process does within a second, without a restart; and Jaeger shows who asked.
func TestWhatTheConsoleSetsActsInAnotherProcess(t *testing.T) {
	s := up(t)
	s.call(t, http.MethodPut, "console", "/api/failures/order-api.down", nil)
	t.Cleanup(func() { s.call(t, http.MethodDelete, "console", "/api/failures/order-api.down", nil) })
	place := func() error {
		_, err := s.client().do(t.Context(), http.MethodPost, "/order", nil, oneMargherita("console"))
		return err
	}
	eventually(t, time.Second, "the order service refuses", func() bool { return place() != nil })
	var all []failure.Status
	s.get(t, "console", "/api/failures", &all)
	if on := slices.IndexFunc(all, func(f failure.Status) bool { return f.Active != nil }); on < 0 || all[on].Key != failure.OrderAPIDown {
		t.Errorf("the list does not say so: %+v", all)
	}
	s.call(t, http.MethodDelete, "console", "/api/failures/order-api.down", nil)
	eventually(t, time.Second, "the order service takes orders again", func() bool { return place() == nil })
	eventually(t, 30*time.Second, "Jaeger knows the console", func() bool { return len(s.stored(t, "console")) > 1000 })
}
