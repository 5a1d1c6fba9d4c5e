package event

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// The two exchanges. What crosses a service's boundary is public; what one service tells itself is private.
const (
	PublicExchange  = "traceria.events"
	KitchenExchange = "kitchen.private"
)

// Type is one version of one event.
type Type struct {
	// Name is what happened, in the past tense: OrderConfirmed.
	Name string
	// Version is v1, v2, ….
	Version string
	// Domain is the service that publishes it.
	Domain string
	// Exchange is where it is published.
	Exchange string
}

func public(domain, name, version string) Type {
	return Type{Name: name, Version: version, Domain: domain, Exchange: PublicExchange}
}

// RoutingKey is {domain}.{event}.{version} in kebab case: order.order-confirmed.v1.
func (t Type) RoutingKey() string { return t.Domain + "." + t.Kebab() + "." + t.Version }

// Kebab is the name as queues and routing keys spell it: order-confirmed.
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

// String is the name and version as people say it: "OrderConfirmed v1".
func (t Type) String() string { return t.Name + " " + t.Version }

// The catalogue's types.
var (
	OrderCreatedV1             = public("order", "OrderCreated", "v1")
	OrderConfirmedV1           = public("order", "OrderConfirmed", "v1")
	OrderConfirmedV2           = public("order", "OrderConfirmed", "v2")
	OrderConfirmedV3           = public("order", "OrderConfirmed", "v3")
	OrderCancelledV1           = public("order", "OrderCancelled", "v1")
	TicketOpenedV1             = Type{Name: "TicketOpened", Version: "v1", Domain: "kitchen", Exchange: KitchenExchange}
	OrderPreparingV1           = public("kitchen", "OrderPreparing", "v1")
	OrderBoxedV1               = public("kitchen", "OrderBoxed", "v1")
	OrderRejectedV1            = public("kitchen", "OrderRejected", "v1")
	DeliveryNotificationSentV1 = public("delivery", "DeliveryNotificationSent", "v1")
	OrderDeliveredV1           = public("delivery", "OrderDelivered", "v1")
	LoyaltyPointsEarnedV1      = public("loyalty", "LoyaltyPointsEarned", "v1")
	LoyaltyPointsReversedV1    = public("loyalty", "LoyaltyPointsReversed", "v1")
	StaffMemberClockedInV1     = public("staff", "StaffMemberClockedIn", "v1")
	StaffMemberClockedOutV1    = public("staff", "StaffMemberClockedOut", "v1")
)

// Catalogue is every event that may be published, in the order of the story that they tell.
var Catalogue = []Type{
	OrderCreatedV1, OrderConfirmedV1, OrderConfirmedV2, OrderConfirmedV3, OrderCancelledV1,
	TicketOpenedV1, OrderPreparingV1, OrderBoxedV1, OrderRejectedV1,
	DeliveryNotificationSentV1, OrderDeliveredV1,
	LoyaltyPointsEarnedV1, LoyaltyPointsReversedV1,
	StaffMemberClockedInV1, StaffMemberClockedOutV1,
}

// Lookup finds a type in the catalogue. An unknown one is an error that names what was asked for.
func Lookup(name, version string) (Type, error) {
	i := slices.IndexFunc(Catalogue, func(t Type) bool { return t.Name == name && t.Version == version })
	if i < 0 {
		return Type{}, fmt.Errorf("event %q %q is not in the catalogue", name, version)
	}
	return Catalogue[i], nil
}

// fat are the types that carry the state which their consumers need; the others say what happened and to whom.
var fat = map[Type]bool{
	OrderConfirmedV1: true, OrderConfirmedV2: true, TicketOpenedV1: true, LoyaltyPointsEarnedV1: true, LoyaltyPointsReversedV1: true,
}

// Fat tells whether the event carries state, so that a consumer need not ask for it.
func (t Type) Fat() bool { return fat[t] }
