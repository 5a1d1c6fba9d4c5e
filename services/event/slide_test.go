package event_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"traceria/services/event"
)

// golden reads a payload of the talk's slides.
func golden(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func envelopeOf(t *testing.T, typ event.Type, data []byte) event.Envelope {
	t.Helper()
	body, err := json.Marshal(map[string]any{
		"metadata": map[string]string{"eventType": typ.Name, "version": typ.Version, "eventId": "e-1", "eventDate": "2024-01-30"},
		"data":     json.RawMessage(data),
	})
	if err != nil {
		t.Fatal(err)
	}
	e, err := event.Decode(body)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestTheSlidesOrderConfirmedIsReadAsV1(t *testing.T) {
	t.Parallel()
	got, err := event.Data[event.OrderConfirmedNumber](
		envelopeOf(t, event.OrderConfirmedV1, golden(t, "order-confirmed-slide.json")))
	if err != nil {
		t.Fatal(err)
	}
	value := event.Pence(1989)
	want := event.OrderConfirmedNumber{
		OrderConfirmed: event.OrderConfirmed{
			OrderID: "980472", OrderNumber: "ORD676",
			DeliveryAddress: &event.Address{AddressLine1: "167 My Street"},
			Items:           []event.Item{{ItemName: "Margherita", Quantity: event.AllOfThem}},
		},
		OrderValue: &value,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestTheSlidesPayloadIsWrittenAsItWasRead(t *testing.T) {
	t.Parallel()
	slide := golden(t, "order-confirmed-slide.json")
	payload, err := event.Data[event.OrderConfirmedNumber](envelopeOf(t, event.OrderConfirmedV1, slide))
	if err != nil {
		t.Fatal(err)
	}
	written, err := json.Marshal(payload)
	if err != nil {
		t.Fatal(err)
	}
	var before, after map[string]any
	for text, into := range map[string]*map[string]any{string(slide): &before, string(written): &after} {
		if err := json.Unmarshal([]byte(text), into); err != nil {
			t.Fatal(err)
		}
	}
	before["customerId"] = "" // not on the slide
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("(-slide +written)\n%s", diff)
	}
}

func TestTheSlidesEnvelopeIsRead(t *testing.T) {
	t.Parallel()
	got, err := event.Decode(golden(t, "order-created-slide.json"))
	if err != nil {
		t.Fatal(err)
	}
	want := event.Metadata{
		EventType: "OrderCreated", Version: "v1", EventID: "9c53b1ad-d4e9-4a78-8280-ef647de0b687",
		EventDate:   event.Date{Time: time.Date(2024, 1, 30, 0, 0, 0, 0, time.UTC)},
		TraceParent: "trace-id-from-producing-system", ParentSpan: "parent-span-from-producing-system",
	}
	if diff := cmp.Diff(want, got.Metadata); diff != "" {
		t.Errorf("metadata (-want +got)\n%s", diff)
	}
	data, err := event.Data[event.OrderCreated](got)
	if want := (event.OrderCreated{OrderID: "19876", OrderNumber: "ORD695"}); err != nil || data != want {
		t.Errorf("data is %+v, %v; want %+v", data, err, want)
	}
}

func TestAQuantityIsReadFromANumberToo(t *testing.T) {
	t.Parallel()
	slide := string(golden(t, "order-confirmed-slide.json"))
	for written, want := range map[string]event.Quantity{
		`2`: "2", `"2"`: "2", `2.0`: "2", `1e2`: "100", `20e-1`: "2", `1000000`: "1000000", `"all of them"`: event.AllOfThem,
		`"+1"`: "1", `"0001"`: "1", // one number has one spelling
	} {
		data := strings.Replace(slide, `"all of them"`, written, 1)
		got, err := event.Data[event.OrderConfirmedNumber](envelopeOf(t, event.OrderConfirmedV1, []byte(data)))
		if err != nil {
			t.Errorf("quantity %s: %v", written, err)
			continue
		}
		if got.Items[0].Quantity != want {
			t.Errorf("quantity %s is read as %q, want %q", written, got.Items[0].Quantity, want)
		}
	}
}

func TestAQuantityThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	for _, written := range []string{`0`, `-1`, `1.5`, `1e7`, `1000001`, `99999999999999999999`, `""`, `"some"`, `null`, `true`, `[1]`, `{}`} {
		var q event.Quantity
		err := json.Unmarshal([]byte(written), &q)
		if err == nil {
			t.Errorf("quantity %s is read as %q, want an error", written, q)
		} else if !strings.Contains(err.Error(), "quantity") {
			t.Errorf("quantity %s: %q does not name quantity", written, err)
		}
	}
}

func TestAllOfThemIsAsManyAsTheReaderHas(t *testing.T) {
	t.Parallel()
	if got := event.Quantity(event.AllOfThem).Count(7); got != 7 {
		t.Errorf("all of 7 is %d", got)
	}
	if got := event.Quantity("3").Count(7); got != 3 {
		t.Errorf("3 of 7 is %d", got)
	}
	for item, want := range map[event.Item]int{
		{Quantity: event.AllOfThem}:            7, // the slide has no number
		{Quantity: event.AllOfThem, Pieces: 3}: 3,
		{Quantity: "2", Pieces: 3}:             2,
	} {
		if got := item.Count(7); got != want {
			t.Errorf("%+v is %d pieces, want %d", item, got, want)
		}
	}
}
