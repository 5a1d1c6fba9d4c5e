package event_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"traceria/services/event"
)

// The table is DESIGN.md, section 2: who publishes what, and under which name.
func TestRoutingKeysAreDomainEventAndVersion(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"OrderCreated v1":             "traceria.events order.order-created.v1",
		"OrderConfirmed v1":           "traceria.events order.order-confirmed.v1",
		"OrderConfirmed v2":           "traceria.events order.order-confirmed.v2",
		"OrderConfirmed v3":           "traceria.events order.order-confirmed.v3",
		"OrderCancelled v1":           "traceria.events order.order-cancelled.v1",
		"TicketOpened v1":             "kitchen.private kitchen.ticket-opened.v1",
		"OrderPreparing v1":           "traceria.events kitchen.order-preparing.v1",
		"OrderBoxed v1":               "traceria.events kitchen.order-boxed.v1",
		"OrderRejected v1":            "traceria.events kitchen.order-rejected.v1",
		"DeliveryNotificationSent v1": "traceria.events delivery.delivery-notification-sent.v1",
		"OrderDelivered v1":           "traceria.events delivery.order-delivered.v1",
		"LoyaltyPointsEarned v1":      "traceria.events loyalty.loyalty-points-earned.v1",
		"LoyaltyPointsReversed v1":    "traceria.events loyalty.loyalty-points-reversed.v1",
		"StaffMemberClockedIn v1":     "traceria.events staff.staff-member-clocked-in.v1",
		"StaffMemberClockedOut v1":    "traceria.events staff.staff-member-clocked-out.v1",
	}
	got := map[string]string{}
	for _, typ := range event.Catalogue {
		got[typ.String()] = typ.Exchange + " " + typ.RoutingKey()
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-DESIGN.md +Catalogue)\n%s", diff)
	}
}

func TestEveryTypeOfTheCatalogueIsFoundByNameAndVersion(t *testing.T) {
	t.Parallel()
	for _, typ := range event.Catalogue {
		if got, err := event.Lookup(typ.Name, typ.Version); err != nil || got != typ {
			t.Errorf("%s: got %v, %v", typ, got, err)
		}
	}
}

func TestAnUnknownEventIsNamed(t *testing.T) {
	t.Parallel()
	_, err := event.Lookup("OrderEaten", "v7")
	if want := `event "OrderEaten" "v7" is not in the catalogue`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
