package event_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"traceria/services/event"
)

// damaged are texts that a part of the system cannot store or show.
var damaged = []string{"a\x00b", "\x00", "a\nb", "\ttab", "a\x1b[2J", "a\x7f", "a\u0085", "a\u2028b", "a\ufffdb", "a\xff", "\xed\xa0\x80"}

func TestTextThatCouldNotBeKeptAsItIsIsRefused(t *testing.T) {
	t.Parallel()
	for _, text := range damaged {
		if err := event.CheckText(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
	for _, text := range []string{"", "167 My Street", "Łódź", "大阪", "🍕", "👩‍🍳", "O'Neill & \"Sons\""} {
		if err := event.CheckText(text); err != nil {
			t.Errorf("%q %v", text, err)
		}
	}
}

// PostgreSQL refuses an id with NUL, SQLite accepts it. So it is refused before the database.
func TestEventsWithDamagedIDsAreUnreadable(t *testing.T) {
	t.Parallel()
	for _, text := range damaged {
		written, err := json.Marshal(text) // replaces invalid UTF-8 by U+FFFD, as every decoder does
		if err != nil {
			t.Fatal(err)
		}
		for _, body := range []string{
			`{"metadata":{"eventType":"OrderBoxed","version":"v1","eventId":TEXT},"data":{"orderId":"1"}}`,
			`{"metadata":{"eventType":"OrderBoxed","version":"v1","eventId":"1","source":TEXT},"data":{"orderId":"1"}}`,
			`{"metadata":{"eventType":"OrderBoxed","version":"v1","eventId":"1","conversationId":TEXT},"data":{"orderId":"1"}}`,
			`{"metadata":{"eventType":"OrderBoxed","version":"v1","eventId":"1"},"data":{"orderId":TEXT}}`,
		} {
			body = strings.Replace(body, "TEXT", string(written), 1)
			e, err := event.Decode([]byte(body))
			if err == nil {
				_, err = event.Data[event.OrderBoxed](e)
			}
			if !errors.Is(err, event.ErrUnreadable) {
				t.Errorf("%s: got %v, want ErrUnreadable", body, err)
			}
		}
	}
}

func TestEitherFormOfAConfirmationSaysTheSame(t *testing.T) {
	t.Parallel()
	value := event.Pence(1989)
	order := event.OrderConfirmed{
		OrderID: "o-1", OrderNumber: "ORD1", CustomerID: "c-1", DeliveryAddressID: "a-1",
		Items: []event.Item{{ItemName: "Margherita", Quantity: event.AllOfThem, Pieces: 3}},
	}
	forms, err := event.New(t.Context(), "order", "o-1", event.OrderConfirmedNumber{OrderConfirmed: order, OrderValue: &value},
		event.OrderConfirmedMoney{OrderConfirmed: order, OrderValue: &event.Money{Value: value, Currency: "GBP"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, form := range forms {
		got, err := event.ReadConfirmation(form)
		if err != nil || got.OrderID != "o-1" || got.Items[0].Count(7) != 3 || !got.Value.Equal(value.Decimal) {
			t.Errorf("%s is read as %+v, %v", form.Metadata.Version, got, err)
		}
	}
	forms[0].Metadata.Version = "v9"
	if _, err := event.ReadConfirmation(forms[0]); !errors.Is(err, event.ErrUnreadable) {
		t.Errorf("v9: got %v, want ErrUnreadable", err)
	}
}

// The later event is found by comparing nanoseconds in an int64, so a date outside that range is refused.
func TestAClockOfAnotherAgeIsRefused(t *testing.T) {
	t.Parallel()
	for year, want := range map[int]bool{1677: false, 1969: false, 1970: true, 2024: true, 2261: true, 2263: false, 9999: false} {
		member := event.StaffMember{StaffMemberID: "ada", At: event.Moment{Time: time.Date(year, 6, 1, 0, 0, 0, 0, time.UTC)}}
		if err := member.Validate(); (err == nil) != want {
			t.Errorf("the year %d: %v", year, err)
		}
	}
}
