package event_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"traceria/services/event"
)

func TestTheFormsOfAFactShareItsEventID(t *testing.T) {
	t.Parallel()
	value, money := event.Pence(1989), event.Money{Value: event.Pence(1989), Currency: "GBP"}
	order := event.OrderConfirmed{OrderID: "o-1", DeliveryAddressID: "a-1", Items: []event.Item{{ItemName: "Margherita", Quantity: "1"}}}
	got, err := event.New(t.Context(), "order", "o-1",
		event.OrderConfirmedNumber{OrderConfirmed: order, OrderValue: &value},
		event.OrderConfirmedMoney{OrderConfirmed: order, OrderValue: &money})
	if err != nil {
		t.Fatal(err)
	}
	first, second := got[0].Metadata, got[1].Metadata
	if _, err := uuid.Parse(first.EventID); err != nil {
		t.Errorf("event id %q: %v", first.EventID, err)
	}
	if age := time.Since(first.EventDate.Time); age < 0 || age > time.Minute {
		t.Errorf("the event is %s old", age)
	}
	if first.MessageID() != first.EventID+".v1" || second.MessageID() != first.EventID+".v2" {
		t.Errorf("message ids are %s and %s, want %s.v1 and .v2", first.MessageID(), second.MessageID(), first.EventID)
	}
	second.Version = first.Version
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("apart from the version the metadata differ (-v1 +v2)\n%s", diff)
	}
}

func TestTwoFactsHaveDifferentIdentities(t *testing.T) {
	t.Parallel()
	fact := event.OrderBoxed{OrderID: "o-1"}
	first, err := event.New(t.Context(), "kitchen", "o-1", fact)
	second, err2 := event.New(t.Context(), "kitchen", "o-1", fact)
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	if first[0].Metadata.EventID == second[0].Metadata.EventID {
		t.Errorf("both are %s", first[0].Metadata.EventID)
	}
}

func TestAnEventNamesTheEventThatCausedIt(t *testing.T) {
	t.Parallel()
	cause := event.Envelope{Metadata: event.Metadata{EventID: "cause"}}
	got, err := event.New(event.WithReceipt(t.Context(), "kitchen.order-confirmed", cause), "kitchen", "o-1", event.OrderBoxed{OrderID: "o-1"})
	if err != nil {
		t.Fatal(err)
	}
	if m := got[0].Metadata; m.CausationID != "cause" || m.Source != "kitchen" || m.ConversationID != "o-1" {
		t.Errorf("got causation %q, source %q, conversation %q", m.CausationID, m.Source, m.ConversationID)
	}
}

func TestDecodeNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	const whole = `{"metadata":{"eventType":"OrderBoxed","version":"v1","eventId":"e-1","eventDate":"2024-01-30"},"data":{"orderId":"o-1"}}`
	if _, err := event.Decode([]byte(whole)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ remove, with, want string }{
		{`"eventType":"OrderBoxed",`, ``, "metadata.eventType is missing"},
		{`"eventType":"OrderBoxed"`, `"eventType":null`, "metadata.eventType is missing"},
		{`"version":"v1",`, ``, "metadata.version is missing"},
		{`"eventId":"e-1",`, ``, "metadata.eventId is missing"},
		{`,"data":{"orderId":"o-1"}`, ``, "data is missing"},
		{`{"orderId":"o-1"}`, `null`, "data is missing"},
		{`"2024-01-30"`, `"yesterday"`, `eventDate "yesterday"`},
		{`"version":"v1"`, `"version":1`, "metadata.version"},
		{`{"orderId":"o-1"}}`, `{"orderId":"o-1"`, "unexpected end"},
		{whole, ``, "unexpected end"},
		{whole, `[]`, "array"},
		{whole, `null`, `no member "metadata"`},
		{whole, "\xff\xfe", "invalid character"},
	} {
		body := strings.Replace(whole, c.remove, c.with, 1)
		_, err := event.Decode([]byte(body))
		if !errors.Is(err, event.ErrUnreadable) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s\n got %v\nwant ErrUnreadable with %q", body, err, c.want)
		}
	}
}

func TestDataNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	number := func(data string) error {
		_, err := event.Data[event.OrderConfirmedNumber](envelopeOf(t, event.OrderConfirmedV1, []byte(data)))
		return err
	}
	money := func(data string) error {
		_, err := event.Data[event.OrderConfirmedMoney](envelopeOf(t, event.OrderConfirmedV2, []byte(data)))
		return err
	}
	const rest = `"orderId":"o","deliveryAddressId":"a","items":[{"itemName":"m","quantity":1}]`
	for want, err := range map[string]error{
		"orderId is missing":                                number(`{"orderValue":1,"deliveryAddressId":"a","items":[{"itemName":"m","quantity":1}]}`),
		"orderValue is missing":                             number(`{` + rest + `}`),
		"orderValue is negative":                            number(`{"orderValue":-0.01,` + rest + `}`),
		"deliveryAddress is missing":                        number(`{"orderValue":1,"orderId":"o","items":[{"itemName":"m","quantity":1}]}`),
		"items is empty":                                    number(`{"orderValue":1,"orderId":"o","deliveryAddressId":"a","items":[]}`),
		"items[0].quantity is missing":                      number(`{"orderValue":1,"orderId":"o","deliveryAddressId":"a","items":[{"itemName":"m"}]}`),
		"items[0].itemName is missing":                      number(`{"orderValue":1,"orderId":"o","deliveryAddressId":"a","items":[{"quantity":1}]}`),
		"orderValue: got object, want number":               number(`{"orderNumber":"ORD1","customerId":"c","orderValue":{"value":19.89,"currency":"GBP"},` + rest + `}`),
		"OrderConfirmed v2":                                 money(`{"orderValue":19.89,` + rest + `}`),
		"money: want value and currency":                    money(`{"orderValue":{"value":19.89},` + rest + `}`),
		"OrderConfirmed v2: money: want value and currency": money(`{"orderValue":{"currency":"GBP"},` + rest + `}`),
		"orderValue with value and currency is missing":     money(`{` + rest + `}`),
		"OrderConfirmed v2: orderValue is negative":         money(`{"orderValue":{"value":-1,"currency":"GBP"},` + rest + `}`),
	} {
		if !errors.Is(err, event.ErrUnreadable) || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want ErrUnreadable with %q", err, want)
		}
	}
}

func TestDataOfAnotherVersionIsNotTaken(t *testing.T) {
	t.Parallel()
	e := envelopeOf(t, event.OrderConfirmedV2, golden(t, "order-confirmed-slide.json"))
	_, err := event.Data[event.OrderConfirmedNumber](e)
	if want := "got OrderConfirmed v2, want OrderConfirmed v1"; !errors.Is(err, event.ErrUnreadable) || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
}

func TestFieldsThatNobodyKnowsAreIgnored(t *testing.T) {
	t.Parallel()
	body := `{"metadata":{"eventType":"OrderBoxed","version":"v1","eventId":"e","eventDate":"2024-01-30","shoeSize":42},
		"data":{"orderId":"o","box":"large"},"more":true}`
	e, err := event.Decode([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := event.Data[event.OrderBoxed](e); err != nil || got.OrderID != "o" {
		t.Errorf("got %+v, %v", got, err)
	}
}
