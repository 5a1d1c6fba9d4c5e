package event_test

import (
	"encoding/json"
	"slices"
	"testing"

	"traceria/services/event"
)

// The schema has publisher, exchange and style of an event, so the check of released schemas (release/) covers them.
func TestATypeIsWhatItsSchemaSays(t *testing.T) {
	t.Parallel()
	for _, typ := range event.Catalogue {
		text, err := event.Schema(typ)
		if err != nil {
			t.Error(err)
			continue
		}
		var says struct {
			Style      string `json:"x-style"`
			Exchange   string `json:"x-exchange"`
			RoutingKey string `json:"x-routing-key"`
		}
		if err := json.Unmarshal(text, &says); err != nil {
			t.Fatal(err)
		}
		if says.Exchange != typ.Exchange || says.RoutingKey != typ.RoutingKey() {
			t.Errorf("%s: its schema says x-exchange %q and x-routing-key %q, type.go %q and %q",
				typ, says.Exchange, says.RoutingKey, typ.Exchange, typ.RoutingKey())
		}
		if says.Style != "fat" && says.Style != "sparse" || typ.Fat() != (says.Style == "fat") {
			t.Errorf("%s: its schema says x-style %q, want fat or sparse; its type is fat: %t", typ, says.Style, typ.Fat())
		}
		if payload, err := event.Read(envelopeOf(t, typ, exampleOf(t, typ))); err != nil || payload.Type() != typ {
			t.Errorf("%s is read as %v, %v: type.go gives it another Go type", typ, payload, err)
		}
	}
}

func TestRoutingKeysAreDomainEventAndVersion(t *testing.T) {
	t.Parallel()
	for typ, want := range map[event.Type]string{
		event.OrderConfirmedV2:           "order.order-confirmed.v2",
		event.TicketOpenedV1:             "kitchen.ticket-opened.v1",
		event.DeliveryNotificationSentV1: "delivery.delivery-notification-sent.v1",
	} {
		if got := typ.RoutingKey(); got != want {
			t.Errorf("%s: got %s, want %s", typ, got, want)
		}
	}
}

// No test counts the events, so that a new one changes none.
func TestTheStoryHasItsEvents(t *testing.T) {
	t.Parallel()
	for typ, style := range map[event.Type]bool{
		event.OrderConfirmedV1: true, event.OrderConfirmedV2: true, event.OrderConfirmedV3: false, event.OrderBoxedV1: false,
		event.DeliveryNotificationSentV1: false, event.StaffMemberClockedInV1: false, event.TicketOpenedV1: true,
	} {
		if !slices.Contains(event.Catalogue, typ) || typ.Fat() != style || !typ.Released() {
			t.Errorf("%s: in the catalogue %t, fat %t, released %t", typ, slices.Contains(event.Catalogue, typ), typ.Fat(), typ.Released())
		}
	}
	if (event.Type{Name: "OrderEaten", Version: "v1"}).Released() {
		t.Error("an event that does not exist is released")
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
