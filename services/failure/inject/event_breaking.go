package inject

import (
	"context"
	"encoding/json"

	"traceria/services/broker"
	"traceria/services/event"
	"traceria/services/failure"
)

// eventBreaking gives OrderConfirmed v1 the shape of v2, money as an object, without a new version. Jaeger shows a failed
// process span of loyalty.order-confirmed and its dead letter; the kitchen, which takes v2, goes on.
func eventBreaking(_ *Injector, _ context.Context, d *departure) {
	if d.Type != event.OrderConfirmedV1 {
		return
	}
	d.mark(failure.EventBreaking, func(_ context.Context, e *event.Envelope, _ broker.Headers) {
		changeField(e, "orderValue", func(value json.RawMessage) (string, json.RawMessage) {
			return "orderValue", json.RawMessage(`{"value":` + string(value) + `,"currency":"GBP"}`)
		})
	})
}

// changeField gives a member of the event's data another name and value.
func changeField(e *event.Envelope, name string, change func(json.RawMessage) (string, json.RawMessage)) {
	var data map[string]json.RawMessage
	if json.Unmarshal(e.Data, &data) != nil || data[name] == nil {
		return
	}
	other, value := change(data[name])
	delete(data, name)
	data[other] = value
	if changed, err := json.Marshal(data); err == nil {
		e.Data = changed
	}
}
