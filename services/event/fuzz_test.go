package event_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"traceria/services/event"
)

// FuzzDecode: any bytes are an event or ErrUnreadable, and a decoded event can be written and decoded again.
func FuzzDecode(f *testing.F) {
	slide, err := os.ReadFile("testdata/order-created-slide.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(slide)
	confirmed, err := os.ReadFile("testdata/order-confirmed-slide.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(`{"metadata":{"eventType":"OrderConfirmed","version":"v1","eventId":"e","eventDate":"2024-01-30"},"data":` + string(confirmed) + `}`))
	f.Add([]byte(`{"metadata":{"eventType":"OrderConfirmed","version":"v2","eventId":"e","eventDate":"2024-01-30T12:00:00.123456789Z"},` +
		`"data":{"orderId":"o","deliveryAddressId":"a","items":[{"itemName":"m","quantity":3}],"orderValue":{"value":1e9,"currency":"GBP"}}}`))
	f.Add([]byte(`{"metadata":{"eventType":"LoyaltyPointsEarned","version":"v1","eventId":"e"},"data":{"orderId":"o","customerId":"c","points":-1}}`))
	f.Add([]byte(`{"metadata":null,"data":null}`))
	f.Add([]byte(nil))
	cloud, err := os.ReadFile("testdata/cloudevents-slide.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(cloud)
	f.Add([]byte(boxedCloud))
	f.Add([]byte(`{"specversion":"1.0","id":"e.v2","source":"s","type":"traceria.order.order-confirmed.v2","datacontenttype":"text/xml","data_base64":"` +
		base64.StdEncoding.EncodeToString([]byte(confirmedXML)) + `"}`))
	f.Add([]byte(`{"data_base64":5,"specversion":"1.0","traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		e, err := event.Decode(body)
		if err != nil {
			if !errors.Is(err, event.ErrUnreadable) {
				t.Fatalf("%v is not ErrUnreadable", err)
			}
			return
		}
		payload, err := event.Read(e)
		if err != nil {
			if !errors.Is(err, event.ErrUnreadable) {
				t.Fatalf("%v is not ErrUnreadable", err)
			}
			return
		}
		written, err := json.Marshal(payload)
		if err != nil {
			t.Fatalf("%+v cannot be written: %v", payload, err)
		}
		again, err := event.Read(event.Envelope{Metadata: e.Metadata, Data: written})
		if err != nil {
			t.Fatalf("%s cannot be read again: %v", written, err)
		}
		if diff := cmp.Diff(payload, again); diff != "" {
			t.Fatalf("(-first +second)\n%s", diff)
		}
	})
}
