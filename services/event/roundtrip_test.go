package event_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"traceria/services/event"
)

var (
	text     = rapid.StringN(1, 40, -1).Filter(func(s string) bool { return event.CheckText(s) == nil })
	optional = rapid.OneOf(rapid.Just(""), text)
	pence    = rapid.Int64Range(0, 1e12)
	moment   = rapid.Custom(func(t *rapid.T) time.Time {
		return time.Unix(0, rapid.Int64Range(1, 1<<62).Draw(t, "at")).UTC()
	})
	items = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) event.Item {
		item := event.Item{ItemName: text.Draw(t, "itemName"), Quantity: event.AllOfThem}
		if rapid.Bool().Draw(t, "all") {
			item.Pieces = rapid.IntRange(0, 1_000_000).Draw(t, "pieces")
		} else {
			item.Quantity = event.Quantity(rapid.StringMatching(`[1-9][0-9]{0,5}`).Draw(t, "quantity"))
		}
		return item
	}), 1, 5)
	address = rapid.Custom(func(t *rapid.T) *event.Address {
		return &event.Address{
			AddressLine1: text.Draw(t, "line1"), AddressLine2: optional.Draw(t, "line2"),
			City: optional.Draw(t, "city"), Postcode: optional.Draw(t, "postcode"),
		}
	})
	confirmed = rapid.Custom(func(t *rapid.T) event.OrderConfirmed {
		c := event.OrderConfirmed{
			OrderID: text.Draw(t, "orderId"), OrderNumber: text.Draw(t, "orderNumber"),
			CustomerID: text.Draw(t, "customerId"), Items: items.Draw(t, "items"),
		}
		if rapid.Bool().Draw(t, "by id") {
			c.DeliveryAddressID = text.Draw(t, "deliveryAddressId")
		} else {
			c.DeliveryAddress = address.Draw(t, "deliveryAddress")
		}
		return c
	})
	points = rapid.Custom(func(t *rapid.T) event.LoyaltyPoints {
		return event.LoyaltyPoints{
			OrderID: text.Draw(t, "orderId"), CustomerID: text.Draw(t, "customerId"),
			Points: rapid.IntRange(0, 1e9).Draw(t, "points"),
		}
	})
	member = rapid.Custom(func(t *rapid.T) event.StaffMember {
		return event.StaffMember{StaffMemberID: text.Draw(t, "staffMemberId"), At: moment.Draw(t, "at")}
	})
)

// form draws the data of one event and reads it back from an envelope.
type form struct {
	draw func(*rapid.T) event.Payload
	read func(event.Envelope) (event.Payload, error)
}

func formOf[T event.Payload](draw func(*rapid.T) T) form {
	return form{
		draw: func(t *rapid.T) event.Payload { return draw(t) },
		read: func(e event.Envelope) (event.Payload, error) { return event.Data[T](e) },
	}
}

// forms has every event of the catalogue; a test says so.
var forms = map[event.Type]form{
	event.OrderCreatedV1: formOf(func(t *rapid.T) event.OrderCreated {
		return event.OrderCreated{OrderID: text.Draw(t, "orderId"), OrderNumber: text.Draw(t, "orderNumber")}
	}),
	event.OrderConfirmedV1: formOf(func(t *rapid.T) event.OrderConfirmedNumber {
		value := event.Pence(pence.Draw(t, "pence"))
		return event.OrderConfirmedNumber{OrderConfirmed: confirmed.Draw(t, "order"), OrderValue: &value}
	}),
	event.OrderConfirmedV2: formOf(func(t *rapid.T) event.OrderConfirmedMoney {
		value := event.Money{Value: event.Pence(pence.Draw(t, "pence")), Currency: rapid.SampledFrom([]string{"GBP", "EUR", "JPY", "ZAR"}).Draw(t, "currency")}
		return event.OrderConfirmedMoney{OrderConfirmed: confirmed.Draw(t, "order"), OrderValue: &value}
	}),
	event.OrderConfirmedV3: formOf(func(t *rapid.T) event.OrderConfirmedSparse {
		return event.OrderConfirmedSparse{
			OrderID: text.Draw(t, "orderId"), CustomerID: text.Draw(t, "customerId"), DeliveryAddressID: text.Draw(t, "deliveryAddressId"),
		}
	}),
	event.OrderCancelledV1: formOf(func(t *rapid.T) event.OrderCancelled {
		return event.OrderCancelled{OrderID: text.Draw(t, "orderId"), CustomerID: text.Draw(t, "customerId"), Reason: text.Draw(t, "reason")}
	}),
	event.TicketOpenedV1: formOf(func(t *rapid.T) event.TicketOpened {
		return event.TicketOpened{OrderID: text.Draw(t, "orderId"), OrderNumber: text.Draw(t, "orderNumber"), Items: items.Draw(t, "items")}
	}),
	event.OrderPreparingV1: formOf(func(t *rapid.T) event.OrderPreparing {
		return event.OrderPreparing{OrderID: text.Draw(t, "orderId")}
	}),
	event.OrderBoxedV1: formOf(func(t *rapid.T) event.OrderBoxed { return event.OrderBoxed{OrderID: text.Draw(t, "orderId")} }),
	event.OrderRejectedV1: formOf(func(t *rapid.T) event.OrderRejected {
		return event.OrderRejected{OrderID: text.Draw(t, "orderId"), Reason: text.Draw(t, "reason")}
	}),
	event.DeliveryNotificationSentV1: formOf(func(t *rapid.T) event.DeliveryNotificationSent {
		return event.DeliveryNotificationSent{OrderID: text.Draw(t, "orderId"), CustomerID: text.Draw(t, "customerId")}
	}),
	event.OrderDeliveredV1: formOf(func(t *rapid.T) event.OrderDelivered {
		return event.OrderDelivered{OrderID: text.Draw(t, "orderId")}
	}),
	event.LoyaltyPointsEarnedV1: formOf(func(t *rapid.T) event.LoyaltyPointsEarned {
		return event.LoyaltyPointsEarned{LoyaltyPoints: points.Draw(t, "points")}
	}),
	event.LoyaltyPointsReversedV1: formOf(func(t *rapid.T) event.LoyaltyPointsReversed {
		return event.LoyaltyPointsReversed{LoyaltyPoints: points.Draw(t, "points")}
	}),
	event.StaffMemberClockedInV1: formOf(func(t *rapid.T) event.StaffMemberClockedIn {
		return event.StaffMemberClockedIn{StaffMember: member.Draw(t, "member")}
	}),
	event.StaffMemberClockedOutV1: formOf(func(t *rapid.T) event.StaffMemberClockedOut {
		return event.StaffMemberClockedOut{StaffMember: member.Draw(t, "member")}
	}),
}

var formats = []string{event.MetadataFormat, event.CloudEventsFormat}

func TestEveryEventIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	for _, typ := range event.Catalogue {
		for _, format := range formats {
			t.Run(typ.String()+" "+format, func(t *testing.T) {
				t.Parallel()
				form, known := forms[typ]
				if !known {
					t.Fatal("no round trip for this event: add it to forms")
				}
				rapid.Check(t, func(t *rapid.T) { roundTrip(t, form, format) })
			})
		}
	}
}

func roundTrip(t *rapid.T, form form, format string) {
	want := form.draw(t)
	written, err := event.New(t.Context(), text.Draw(t, "source"), optional.Draw(t, "conversation"), want)
	if err != nil {
		t.Fatal(err)
	}
	written[0].Metadata.CausationID = optional.Draw(t, "causation")
	if rapid.Bool().Draw(t, "traced") {
		written[0].Metadata.Set("traceparent", rapid.StringMatching(`00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]`).Draw(t, "traceparent"))
		written[0].Metadata.Set("tracestate", optional.Draw(t, "tracestate"))
		written[0].Metadata.Set("baggage", optional.Draw(t, "baggage"))
	}
	contentType, body, err := event.Encode(written[0], format)
	if err != nil {
		t.Fatal(err)
	}
	read, err := event.DecodeAs(contentType, body)
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	if cloud := read.Cloud != nil; cloud != (format == event.CloudEventsFormat) {
		t.Fatalf("%s is read as a CloudEvent: %t", body, cloud)
	}
	if diff := cmp.Diff(written[0].Metadata, read.Metadata); diff != "" {
		t.Fatalf("metadata (-written +read)\n%s", diff)
	}
	got, err := form.read(read)
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("data (-written +read)\n%s", diff)
	}
}

func TestAnEventWithoutContentIsNeverPublished(t *testing.T) {
	t.Parallel()
	for typ, form := range forms {
		drawn := rapid.Custom(form.draw).Example()
		empty := reflect.Zero(reflect.TypeOf(drawn)).Interface().(event.Payload)
		if _, err := event.New(t.Context(), "a-service", "", empty); err == nil {
			t.Errorf("an empty %s is accepted", typ)
		}
	}
}
