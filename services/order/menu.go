package order

import (
	"net/http"

	"traceria/services/event"
	"traceria/services/host"
)

// currency is the currency of all prices (ISO 4217).
const currency = "GBP"

// dish is a line of the menu.
type dish struct {
	ItemName string `json:"itemName"`
	// Price is the price of one piece.
	Price event.Money `json:"price"`
	// Batch is the number of pieces for the quantity "all of them".
	Batch int   `json:"batch"`
	pence int64 // the price in pence
}

func newDish(name string, pence int64, batch int) dish {
	return dish{ItemName: name, Price: money(pence), Batch: batch, pence: pence}
}

func money(pence int64) event.Money {
	return event.Money{Value: event.Pence(pence), Currency: currency}
}

// menu has all dishes. All of the Margheritas cost 19.89, as in the talk.
var menu = []dish{
	newDish("Margherita", 663, 3),
	newDish("Marinara", 595, 3),
	newDish("Napoletana", 850, 3),
	newDish("Diavola", 925, 3),
	newDish("Quattro Formaggi", 990, 3),
	newDish("Garlic Bread", 450, 6),
}

func (o *orders) getMenu(w http.ResponseWriter, _ *http.Request) error {
	return host.WriteJSON(w, http.StatusOK, map[string]any{"items": menu})
}
