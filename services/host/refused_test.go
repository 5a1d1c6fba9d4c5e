package host_test

import (
	"errors"
	"net/http"
	"testing"

	"traceria/services/event"
	"traceria/services/host"
)

func TestFromCallerBlamesTheCallerForItsOwnFields(t *testing.T) {
	t.Parallel()
	refusal := &event.Refusal{Name: "OrderConfirmed", Version: "v2", Field: "items[0].quantity", Rule: "minimum", Reason: "is 0"}
	service := run(t, func(r *host.Routes) {
		r.Command("POST /items", func(http.ResponseWriter, *http.Request) error { return host.FromCaller(refusal, "items") })
		r.Command("POST /item", func(http.ResponseWriter, *http.Request) error { return host.FromCaller(refusal, "item") })
	})
	for path, want := range map[string]int{"/items": http.StatusUnprocessableEntity, "/item": http.StatusInternalServerError} {
		if got := service.call(t, http.MethodPost, path, "").problem(t); got.Status != want || got.Field != refusal.Field {
			t.Errorf("%s: got %+v", path, got)
		}
	}
	other := errors.New("other")
	if got := host.FromCaller(other, "items"); !errors.Is(got, other) {
		t.Errorf("got %v", got)
	}
}
