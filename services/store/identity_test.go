package store_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"traceria/services/event"
	"traceria/services/store"
)

// drawn is an event that was read, and a key that only the same event has.
type drawn struct {
	read event.Envelope
	key  string
}

// drawEvent draws an event in one of the envelopes, as a version of it. Few letters make the same source or id likely.
func drawEvent(t *rapid.T) drawn {
	part := rapid.StringMatching(`[ab.%2fF/ ]{1,4}`).Filter(func(s string) bool { return strings.TrimSpace(s) != "" })
	service, id := part.Draw(t, "source"), part.Draw(t, "id")
	version := rapid.SampledFrom([]string{"v1", "v2", "v3"}).Draw(t, "version")
	attributes := map[string]any{"specversion": "1.0", "type": "traceria.order.order-confirmed." + version}
	switch rapid.SampledFrom([]string{"metadata", "ours", "foreign", "foreign binary"}).Draw(t, "form") {
	case "metadata":
		body, err := json.Marshal(event.Envelope{Metadata: event.Metadata{EventType: "OrderConfirmed", Version: version, EventID: id, EventDate: event.Date{Time: time.Unix(0, 0)}, Source: service}, Data: json.RawMessage(`{}`)})
		return readDrawn(t, fmt.Sprintf("service %q fact %q", service, id), nil, body, err)
	case "ours":
		attributes["source"], attributes["id"] = "urn:traceria:service:"+url.PathEscape(service), id+"."+version
		return readDrawn(t, fmt.Sprintf("service %q fact %q", service, id), attributes, nil, nil)
	case "foreign":
		attributes["source"], attributes["id"] = "//"+url.PathEscape(service), id
	default:
		attributes["source"], attributes["id"] = "//"+url.PathEscape(service), id
		headers := map[string]any{}
		for name, value := range attributes {
			headers["ce-"+name] = value
		}
		e, err := event.DecodeMessage("application/json", headers, []byte(`{}`))
		if err != nil {
			t.Fatal(err)
		}
		return drawn{e, fmt.Sprintf("source %q id %q", attributes["source"], id)}
	}
	return readDrawn(t, fmt.Sprintf("source %q id %q", attributes["source"], id), attributes, nil, nil)
}

func readDrawn(t *rapid.T, key string, attributes map[string]any, body []byte, err error) drawn {
	if attributes != nil {
		attributes["data"] = map[string]any{}
		body, err = json.Marshal(attributes)
	}
	if err != nil {
		t.Fatal(err)
	}
	read, err := event.Decode(body)
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return drawn{read, key}
}

// Two events that differ in source or id are both handled. The same event is handled once, in whatever form and version it comes.
func TestDrawnEventsAreHandledOnceEach(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		b := open(t, url)
		run := 0
		rapid.Check(t, func(rt *rapid.T) {
			run++
			queue := fmt.Sprintf("kitchen.run-%d", run) // an inbox of its own
			seen := map[string]bool{}
			for range 30 {
				one := drawEvent(rt)
				first := false
				if err := b.Once(event.WithReceipt(t.Context(), queue, one.read), func(*store.Tx) error { first = true; return nil }); err != nil {
					rt.Fatal(err)
				}
				if first == seen[one.key] {
					rt.Fatalf("%s: handled %t, seen before %t", one.key, first, seen[one.key])
				}
				seen[one.key] = true
			}
		})
	})
}
