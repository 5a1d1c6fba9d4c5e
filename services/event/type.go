package event

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// The two exchanges. Events between services are public. Events of one service to itself are private.
const (
	PublicExchange  = "events"
	KitchenExchange = "kitchen.private"
)

// Type is one version of one event.
type Type struct {
	// Name is the event's name in the past tense: OrderConfirmed.
	Name string
	// Version is v1, v2, ….
	Version string
	// Domain is the service that publishes the event.
	Domain string
	// Exchange is the exchange to which the event is published.
	Exchange string
}

// Catalogue has every event that may be published, in the order of the list below.
var Catalogue []Type

// readers decode the data of each type of the catalogue.
var readers = map[Type]func(Envelope) (Payload, error){}

// register adds a type with data T to the catalogue.
func register[T Payload](t Type) Type {
	Catalogue = append(Catalogue, t)
	readers[t] = func(e Envelope) (Payload, error) { return Data[T](e) }
	return t
}

func public[T Payload](domain, name, version string) Type {
	return register[T](Type{Name: name, Version: version, Domain: domain, Exchange: PublicExchange})
}

// RoutingKey is {domain}.{event}.{version} in kebab case: order.order-confirmed.v1.
func (t Type) RoutingKey() string { return t.Domain + "." + t.Kebab() + "." + t.Version }

// Kebab is the name in kebab case, as in queues and routing keys: order-confirmed.
func (t Type) Kebab() string {
	var b strings.Builder
	for i, r := range t.Name {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// String returns name and version: "OrderConfirmed v1".
func (t Type) String() string { return t.Name + " " + t.Version }

// The types of the catalogue: the Go type of the data, the publisher, the name and the version.
var (
	OrderCreatedV1             = public[OrderCreated]("order", "OrderCreated", "v1")
	OrderConfirmedV1           = public[OrderConfirmedNumber]("order", "OrderConfirmed", "v1")
	OrderConfirmedV2           = public[OrderConfirmedMoney]("order", "OrderConfirmed", "v2")
	OrderConfirmedV3           = public[OrderConfirmedSparse]("order", "OrderConfirmed", "v3")
	OrderCancelledV1           = public[OrderCancelled]("order", "OrderCancelled", "v1")
	TicketOpenedV1             = register[TicketOpened](Type{Name: "TicketOpened", Version: "v1", Domain: "kitchen", Exchange: KitchenExchange})
	OrderPreparingV1           = public[OrderPreparing]("kitchen", "OrderPreparing", "v1")
	OrderBoxedV1               = public[OrderBoxed]("kitchen", "OrderBoxed", "v1")
	OrderRejectedV1            = public[OrderRejected]("kitchen", "OrderRejected", "v1")
	DeliveryNotificationSentV1 = public[DeliveryNotificationSent]("delivery", "DeliveryNotificationSent", "v1")
	OrderDeliveredV1           = public[OrderDelivered]("delivery", "OrderDelivered", "v1")
	LoyaltyPointsEarnedV1      = public[LoyaltyPointsEarned]("loyalty", "LoyaltyPointsEarned", "v1")
	LoyaltyPointsReversedV1    = public[LoyaltyPointsReversed]("loyalty", "LoyaltyPointsReversed", "v1")
	StaffMemberClockedInV1     = public[StaffMemberClockedIn]("staff", "StaffMemberClockedIn", "v1")
	StaffMemberClockedOutV1    = public[StaffMemberClockedOut]("staff", "StaffMemberClockedOut", "v1")
)

// Lookup returns a type of the catalogue. The error names an unknown type.
func Lookup(name, version string) (Type, error) {
	i := slices.IndexFunc(Catalogue, func(t Type) bool { return t.Name == name && t.Version == version })
	if i < 0 {
		return Type{}, fmt.Errorf("event %q %q is not in the catalogue", name, version)
	}
	return Catalogue[i], nil
}
