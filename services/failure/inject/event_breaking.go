package inject

import (
	"context"
	"encoding/json"

	"traceria/services/broker"
	"traceria/services/event"
	"traceria/services/failure"
)

// eventBreaking gives OrderConfirmed v1 the shape of v2, with money as an object. Jaeger shows a failed process span of
// loyalty.order-confirmed and its dead letter. The kitchen takes v2 and is not affected.
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

// changeField replaces the name and the value of a member of the event's data.
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
