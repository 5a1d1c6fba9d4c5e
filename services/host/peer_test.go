package host_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"pgregory.net/rapid"

	"traceria/services/event"
	"traceria/services/host"
	"traceria/telemetry"
)

// An event of another program may have any order id. It is one part of the path, and never another path or a query.
func TestACallBackAsksForTheOrderOfTheEvent(t *testing.T) {
	t.Parallel()
	var asked string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.EscapedPath() + "?" + r.URL.RawQuery
		_, _ = w.Write([]byte(`{"orderNumber":"ORD1"}`))
	}))
	t.Cleanup(server.Close)
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	tel, err := telemetry.Start(t.Context(), telemetry.Config{Service: "test", Memory: &telemetry.Memory{}, LogOutput: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	h := &host.Host{Telemetry: tel, Config: host.Config{URLs: map[string]string{"order": server.URL}}}
	check := func(rt rapid.TB, id string) {
		fact, err := h.Fill(t.Context(), event.Confirmation{OrderConfirmed: event.OrderConfirmed{OrderID: id}, Sparse: true})
		if err != nil || fact.OrderNumber != "ORD1" {
			rt.Fatalf("%q: got %+v, %v", id, fact, err)
		}
		if want := "/order/" + url.PathEscape(id) + "?"; asked != want {
			rt.Errorf("%q: asked for %s, want %s", id, asked, want)
		}
	}
	for _, piece := range idPieces {
		check(t, piece)
	}
	rapid.Check(t, func(rt *rapid.T) { check(rt, drawID(rt)) })
}
