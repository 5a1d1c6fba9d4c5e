package order

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"traceria/services/event"
	"traceria/services/host/hosttest"
)

func TestAnOrderIsAcceptedWithAllThatTheCallerNeeds(t *testing.T) {
	t.Parallel()
	service := run(t)
	a := service.call(t, http.MethodPost, "/order", goodOrder)
	if a.status != http.StatusAccepted {
		t.Fatalf("got %d %s", a.status, a.body)
	}
	got := read[summary](t, a)
	if _, err := uuid.Parse(got.OrderID); err != nil {
		t.Errorf("order id %q: %v", got.OrderID, err)
	}
	trace := strings.Split(a.header.Get("traceresponse"), "-")
	if len(trace) != 4 || trace[1] != got.TraceID {
		t.Errorf("trace id %q, traceresponse %v: want the same trace", got.TraceID, trace)
	}
	if at := a.header.Get("Location"); at != "/order/"+got.OrderID {
		t.Errorf("Location is %q", at)
	}
	want := summary{
		OrderID: got.OrderID, OrderNumber: "ORD1", Status: "created", TraceID: got.TraceID,
		Links: links{
			Self: service.base + "/order/" + got.OrderID, Journey: "http://127.0.0.1:8080/journeys/" + got.OrderID,
			Jaeger: "http://jaeger/trace/" + got.TraceID,
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestAnOrderIsStoredWithItsEventInTheRequestsTrace(t *testing.T) {
	t.Parallel()
	service := run(t)
	placed := service.place(t)
	sent := hosttest.Published(t, service.db)
	if len(sent) != 1 {
		t.Fatalf("%d events, want OrderCreated", len(sent))
	}
	fact, err := event.Data[event.OrderCreated](sent[0])
	if want := (event.OrderCreated{OrderID: placed.OrderID, OrderNumber: placed.OrderNumber}); err != nil || fact != want {
		t.Errorf("got %+v, %v; want %+v", fact, err, want)
	}
	if m := sent[0].Metadata; m.ConversationID != placed.OrderID || m.Source != Name || m.CausationID != "" {
		t.Errorf("metadata are %+v", m)
	}
	var context string
	if err := service.db.QueryRowContext(t.Context(), `SELECT context FROM outbox`).Scan(&context); err != nil || !strings.Contains(context, placed.TraceID) {
		t.Errorf("the outbox row has context %s, %v; want trace %s", context, err, placed.TraceID)
	}
}

func TestEverySpanOfASubmissionIsInItsConversation(t *testing.T) {
	t.Parallel()
	service := run(t)
	placed := service.place(t)
	spans := service.memory.Conversation(placed.OrderID)
	var got []string
	for _, span := range spans {
		got = append(got, span.Name)
		if span.TraceID != placed.TraceID {
			t.Errorf("%s is in trace %s, want %s", span.Name, span.TraceID, placed.TraceID)
		}
	}
	// The server span ends after the answer was sent.
	if diff := cmp.Diff([]string{"INSERT orders + outbox"}, got[:min(1, len(got))]); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// People look for an order by its customer and its number.
func TestTheRequestsSpanNamesCustomerAndNumber(t *testing.T) {
	t.Parallel()
	service := run(t)
	placed := service.place(t)
	for {
		for _, span := range service.memory.Conversation(placed.OrderID) {
			if span.Kind != "server" {
				continue
			}
			if span.Attributes["traceria.customer"] != "c-1" || span.Attributes["traceria.order.number"] != placed.OrderNumber {
				t.Errorf("the span has %v, want customer c-1 and number %s", span.Attributes, placed.OrderNumber)
			}
			return
		}
		select { // the server span ends after the answer was sent
		case <-t.Context().Done():
			t.Fatal("no server span")
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func TestTheSameIdempotencyKeyTwiceIsOneOrder(t *testing.T) {
	t.Parallel()
	service := run(t)
	first := service.place(t, "Idempotency-Key", "k-1")
	second := service.place(t, "Idempotency-Key", "k-1")
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("(-first +second)\n%s", diff)
	}
	if orders, events := service.stored(t); orders != 1 || events != 1 {
		t.Errorf("%d orders and %d events, want one of each", orders, events)
	}
}

func TestTheSameIdempotencyKeyManyTimesAtOnceIsOneOrder(t *testing.T) {
	t.Parallel()
	service := run(t)
	answers := inParallel(16, func(int) answer {
		return service.call(t, http.MethodPost, "/order", goodOrder, "Idempotency-Key", "k-1")
	})
	ids := map[string]bool{}
	for _, a := range answers {
		if a.status != http.StatusAccepted {
			t.Errorf("got %d %s", a.status, a.body)
		}
		ids[read[summary](t, a).OrderID] = true
	}
	if orders, events := service.stored(t); len(ids) != 1 || orders != 1 || events != 1 {
		t.Errorf("%d order ids, %d orders and %d events, want one of each", len(ids), orders, events)
	}
}

func TestAnIdempotencyKeyIsNotForAnotherOrder(t *testing.T) {
	t.Parallel()
	service := run(t)
	service.place(t, "Idempotency-Key", "k-1")
	other := strings.Replace(goodOrder, "167 My Street", "1 Other Road", 1)
	if a := service.call(t, http.MethodPost, "/order", other, "Idempotency-Key", "k-1"); a.status != http.StatusUnprocessableEntity {
		t.Errorf("got %d %s", a.status, a.body)
	}
	if orders, events := service.stored(t); orders != 1 || events != 1 {
		t.Errorf("%d orders and %d events, want one of each", orders, events)
	}
}

func TestOrdersWithoutAKeyAreNeverTheSame(t *testing.T) {
	t.Parallel()
	service := run(t)
	if first, second := service.place(t), service.place(t); first.OrderID == second.OrderID || first.OrderNumber == second.OrderNumber {
		t.Errorf("both are %s, %s", first.OrderID, first.OrderNumber)
	}
}

func TestAnOrderIsStoredInOneSpelling(t *testing.T) {
	t.Parallel()
	service := run(t)
	address := event.NewAddressID()
	a := service.call(t, http.MethodPost, "/order", order(`"c"`,
		`[{"itemName":"Margherita","quantity":"+1"},{"itemName":"Marinara","quantity":"0002"},{"itemName":"Garlic Bread","quantity":"all of them"}]`,
		`,"deliveryAddressId":"`+strings.ToUpper(address)+`"`))
	if a.status != http.StatusAccepted {
		t.Fatalf("got %d %s", a.status, a.body)
	}
	got := read[view](t, service.call(t, http.MethodGet, "/order/"+read[summary](t, a).OrderID, ""))
	want := []event.Item{
		{ItemName: "Margherita", Quantity: "1"},
		{ItemName: "Marinara", Quantity: "2"},
		{ItemName: "Garlic Bread", Quantity: event.AllOfThem, Pieces: 6}, // the batch of the menu
	}
	if diff := cmp.Diff(want, got.Items); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if value := event.Pence(663 + 2*595 + 6*450); !got.OrderValue.Value.Equal(value.Decimal) {
		t.Errorf("it costs %v, want %v", got.OrderValue.Value, value)
	}
	var stored string
	if err := service.db.QueryRowContext(t.Context(), `SELECT address_id FROM orders`).Scan(&stored); err != nil || stored != address {
		t.Errorf("the address is %s, %v; want %s, as it was issued", stored, err, address)
	}
}
