package order

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"traceria/services/event"
	"traceria/services/host"
)

// request is the body of POST /order. Quantities stay raw until check, so that an error can name the place of a wrong one.
type request struct {
	CustomerID        string         `json:"customerId"`
	Items             []requestItem  `json:"items"`
	DeliveryAddress   *event.Address `json:"deliveryAddress"`
	DeliveryAddressID string         `json:"deliveryAddressId"`
}

type requestItem struct {
	ItemName string          `json:"itemName"`
	Quantity json.RawMessage `json:"quantity"`
}

const (
	maxItems    = 50
	maxQuantity = 1000
)

// check returns the items and their value in pence, or a [host.Problem] that names the first wrong field. It normalizes the id
// of the address.
func (r *request) check() (items []event.Item, pence int64, err error) {
	if err := host.CheckID("customerId", r.CustomerID); err != nil {
		return nil, 0, err
	}
	if len(r.Items) == 0 || len(r.Items) > maxItems {
		return nil, 0, host.Invalid("items", "got %d items, want 1 to %d", len(r.Items), maxItems)
	}
	for i, item := range r.Items {
		checked, cost, err := item.check(fmt.Sprintf("items[%d]", i))
		if err != nil {
			return nil, 0, err
		}
		items, pence = append(items, checked), pence+cost
	}
	return items, pence, r.checkAddress()
}

func (i requestItem) check(field string) (event.Item, int64, error) {
	at := slices.IndexFunc(menu, func(d dish) bool { return d.ItemName == i.ItemName })
	if at < 0 {
		return event.Item{}, 0, host.Invalid(field+".itemName", "%.60q is not on the menu; the menu has %s", i.ItemName, menuNames())
	}
	if len(i.Quantity) == 0 {
		return event.Item{}, 0, host.Invalid(field+".quantity", "is missing; want a whole number from 1 to %d, or %q", maxQuantity, event.AllOfThem)
	}
	var quantity event.Quantity
	if err := json.Unmarshal(i.Quantity, &quantity); err != nil || quantity.Count(menu[at].Batch) > maxQuantity {
		return event.Item{}, 0, host.Invalid(field+".quantity", "got %.40s, want a whole number from 1 to %d, or %q",
			i.Quantity, maxQuantity, event.AllOfThem)
	}
	checked := event.Item{ItemName: i.ItemName, Quantity: quantity}
	if quantity == event.AllOfThem {
		checked.Pieces = event.Whole(menu[at].Batch)
	}
	return checked, menu[at].pence * int64(checked.Count(menu[at].Batch)), nil
}

// checkAddress refuses an address id that was never issued. The id has a checksum ([event.ParseAddressID]), so no call to the
// delivery service is needed: DECISIONS.md, "An order that cannot be delivered is refused at once".
func (r *request) checkAddress() error {
	switch {
	case r.DeliveryAddress != nil && r.DeliveryAddressID != "":
		return host.Invalid("deliveryAddressId", "give deliveryAddress or deliveryAddressId, not both")
	case r.DeliveryAddress != nil:
		if field, err := r.DeliveryAddress.Check(); err != nil {
			return host.Invalid("deliveryAddress."+field, "%s", err)
		}
		return nil
	case r.DeliveryAddressID != "":
		id, err := event.ParseAddressID(r.DeliveryAddressID)
		if err != nil {
			return host.Invalid("deliveryAddressId", "%s", err)
		}
		r.DeliveryAddressID = id
		return nil
	default:
		return host.Invalid("deliveryAddress", "is missing; give deliveryAddress with addressLine1, or deliveryAddressId")
	}
}

func menuNames() string {
	names := make([]string, len(menu))
	for i, d := range menu {
		names[i] = strconv.Quote(d.ItemName)
	}
	return strings.Join(names, ", ")
}
