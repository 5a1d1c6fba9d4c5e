package host_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"traceria/services/event"
	"traceria/services/host"
	"traceria/telemetry"
)

func TestChoicesOfPublishedAndConsumedVersions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		set                          environment
		published, loyalty, delivery string
	}{
		{environment{}, "v1,v2", "v1", "v2"},
		{environment{"EVENT_VERSIONS": "v2", "LOYALTY_ORDER_CONFIRMED": "v2"}, "v2", "v2", "v2"},
		{environment{"EVENT_VERSIONS": "v1"}, "v1", "v1", "v2"},
		{environment{"LOYALTY_ORDER_CONFIRMED": "v1, v2"}, "v1,v2", "v1,v2", "v2"},
		{environment{"EVENT_STYLE": "sparse"}, "v1,v2,v3", "v1", "v3"},
		{environment{"EVENT_STYLE": "sparse-callback"}, "v3", "v3", "v3"},
		{environment{"EVENT_STYLE": "sparse-callback", "LOYALTY_ORDER_CONFIRMED": "v1"}, "v3", "v1", "v3"},
	} {
		env := host.NewEnv(c.set.lookup)
		got := []string{
			versions(host.Load(env).Choices(t.Context()).Confirmed()),
			versions(host.OrderConfirmedVersions(env, "loyalty", event.OrderConfirmedV1)),
			versions(host.OrderConfirmedVersions(env, "delivery", event.OrderConfirmedV2)),
		}
		if diff := cmp.Diff([]string{c.published, c.loyalty, c.delivery}, got); diff != "" || env.Err() != nil {
			t.Errorf("%v: %v (-want +got)\n%s", c.set, env.Err(), diff)
		}
	}
}

func versions(types []event.Type) string {
	var names []string
	for _, typ := range types {
		names = append(names, typ.Version)
	}
	return strings.Join(names, ",")
}

func TestWrongChoiceNamesTheVariable(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"EVENT_VERSIONS", "EVENT_STYLE", "EVENT_FORMAT", "TRACERIA_EVENT_VALIDATION", "LOYALTY_ORDER_CONFIRMED"} {
		for _, value := range []string{"v9", "v1,v1", "fatter"} {
			env := host.NewEnv(environment{name: value}.lookup)
			host.Load(env)
			host.OrderConfirmedVersions(env, "loyalty", event.OrderConfirmedV1)
			if err := env.Err(); !errors.Is(err, host.ErrConfiguration) || strings.Count(err.Error(), name) != 1 {
				t.Errorf("%s=%s: got %v", name, value, err)
			}
		}
	}
}

// peer returns a host whose order service gives the answer.
func peer(t *testing.T, status int, body string) (*host.Host, *telemetry.Memory) {
	t.Helper()
	memory := &telemetry.Memory{}
	tel, err := telemetry.Start(t.Context(), telemetry.Config{Service: "loyalty", Memory: memory, LogOutput: &lockedBuffer{}})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		if r.URL.Path != "/order/o-1" || r.Header.Get("traceparent") == "" {
			status = http.StatusTeapot
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(server.Close)
	return &host.Host{Config: host.Config{URLs: map[string]string{"order": server.URL}}, Telemetry: tel}, memory
}

var sparse = event.Confirmation{Sparse: true, OrderConfirmed: event.OrderConfirmed{OrderID: "o-1", CustomerID: "c-1", DeliveryAddressID: "a-1"}}

func TestFillCompletesASparseConfirmationInItsTrace(t *testing.T) {
	t.Parallel()
	h, memory := peer(t, http.StatusOK, `{"orderNumber":"ORD7","orderValue":{"value":19.89,"currency":"GBP"},"items":[{"itemName":"Margherita","quantity":"2"}]}`)
	ctx, process := h.Telemetry.TracerProvider.Tracer("test").Start(t.Context(), "process")
	got, err := h.Fill(telemetry.WithConversation(ctx, "o-1"), sparse)
	process.End()
	if err != nil || got.OrderNumber != "ORD7" || !got.Value.Equal(event.Pence(1989).Decimal) || got.Items[0].Quantity != "2" || got.CustomerID != "c-1" {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, span := range memory.Conversation("o-1") {
		if strings.Contains(span.Name, "GET") && span.ParentID == process.SpanContext().SpanID().String() {
			return
		}
	}
	t.Errorf("no client span under the process span in %d spans", len(memory.Conversation("o-1")))
}

func TestUnreachablePeerIsUnavailable(t *testing.T) {
	t.Parallel()
	for status, away := range map[int]bool{http.StatusServiceUnavailable: true, http.StatusInternalServerError: true, http.StatusNotFound: false} {
		h, _ := peer(t, status, `{}`)
		if _, err := h.Fill(t.Context(), sparse); err == nil || errors.Is(err, event.ErrUnavailable) != away {
			t.Errorf("%d: got %v, away: %t", status, err, away)
		}
	}
	h, _ := peer(t, http.StatusOK, `{}`)
	h.Config.URLs["order"] = "http://127.0.0.1:1"
	if _, err := h.Fill(t.Context(), sparse); !errors.Is(err, event.ErrUnavailable) {
		t.Errorf("unreachable peer: %v", err)
	}
	if fat, err := h.Fill(t.Context(), event.Confirmation{}); err != nil || fat.Sparse {
		t.Errorf("fat event: %v", err)
	}
}
