package event_test

import (
	"testing"

	"traceria/services/event"
)

// BenchmarkEnvelope measures writing and reading an envelope with its data, with and without the guard.
func BenchmarkEnvelope(b *testing.B) {
	value := event.Money{Value: event.Pence(1989), Currency: "GBP"}
	made, err := event.New(b.Context(), "order", "o-1", event.OrderConfirmedMoney{OrderValue: &value, OrderConfirmed: event.OrderConfirmed{
		OrderID: "o-1", OrderNumber: "ORD676", CustomerID: "c-1", DeliveryAddress: &event.Address{AddressLine1: "167 My Street"},
		Items: []event.Item{{ItemName: "Margherita", Quantity: event.AllOfThem, Pieces: 6}},
	}})
	if err != nil {
		b.Fatal(err)
	}
	made[0].Metadata.Set("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	for _, format := range formats {
		contentType, body, err := event.Encode(made[0], format)
		if err != nil {
			b.Fatal(err)
		}
		b.Run("write/"+format, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := event.Encode(made[0], format); err != nil {
					b.Fatal(err)
				}
			}
		})
		for name, unguarded := range map[string]bool{"guarded": false, "unguarded": true} {
			b.Run("read/"+format+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					e, err := event.DecodeAs(contentType, body)
					e.Unguarded = unguarded
					if err == nil {
						_, err = event.Data[event.OrderConfirmedMoney](e)
					}
					if err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
