package event_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"traceria/services/event"
)

var formats = []string{event.MetadataFormat, event.CloudEventsFormat}

// All data that the schema of an event allows can be decoded, encoded in either form, and decoded unchanged.
func TestEveryEventIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	for _, typ := range event.Catalogue {
		for _, format := range formats {
			t.Run(typ.String()+" "+format, func(t *testing.T) {
				t.Parallel()
				data := shapeOf(t, typ).data()
				rapid.Check(t, func(t *rapid.T) { roundTrip(t, typ, data.Draw(t, "data"), format) })
			})
		}
	}
}

func roundTrip(t *rapid.T, typ event.Type, data any, format string) {
	drawn, err := json.Marshal(data)
	if err != nil {
		t.Fatal(err)
	}
	want, err := event.Read(event.Envelope{Metadata: event.Metadata{EventType: typ.Name, Version: typ.Version}, Data: drawn})
	if err != nil {
		t.Skip("the code refuses what the schema cannot: ", err)
	}
	written, err := event.New(t.Context(), text(1, 40).Draw(t, "source"), text(0, 40).Draw(t, "conversation"), want)
	if err != nil {
		t.Fatal(err)
	}
	if lost := lost("", data, decoded(t, written[0].Data)); lost != "" {
		t.Fatalf("the type drops what the schema has: %s\n%s\n%s", lost, drawn, written[0].Data)
	}
	written[0].Metadata.CausationID = text(0, 40).Draw(t, "causation")
	if rapid.Bool().Draw(t, "traced") {
		written[0].Metadata.Set("traceparent", rapid.StringMatching(`00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]`).Draw(t, "traceparent"))
		written[0].Metadata.Set("tracestate", text(0, 40).Draw(t, "tracestate"))
		written[0].Metadata.Set("baggage", text(0, 40).Draw(t, "baggage"))
	}
	contentType, body, err := event.Encode(written[0], format)
	if err != nil {
		t.Fatal(err)
	}
	read, err := event.DecodeAs(contentType, body)
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	if cloud := read.Cloud != nil; cloud != (format == event.CloudEventsFormat) {
		t.Fatalf("%s is read as a CloudEvent: %t", body, cloud)
	}
	if diff := cmp.Diff(written[0].Metadata, read.Metadata); diff != "" {
		t.Fatalf("metadata (-written +read)\n%s", diff)
	}
	got, err := event.Read(read)
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("data (-written +read)\n%s", diff)
	}
}

func decoded(t *rapid.T, text []byte) any {
	var value any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

// lost returns the first drawn value that is missing or different in the written data. Numbers are compared by value, and empty
// values may be missing.
func lost(at string, drawn, written any) string {
	switch drawn := drawn.(type) {
	case map[string]any:
		fields, _ := written.(map[string]any)
		for name, value := range drawn {
			is, there := fields[name]
			if value == "" || value == json.Number("0") {
				continue
			}
			if !there {
				return at + "." + name + " is gone"
			}
			if found := lost(at+"."+name, value, is); found != "" {
				return found
			}
		}
		return ""
	case []any:
		list, _ := written.([]any)
		if len(list) != len(drawn) {
			return at + " has another length"
		}
		for i := range drawn {
			if found := lost(fmt.Sprintf("%s[%d]", at, i), drawn[i], list[i]); found != "" {
				return found
			}
		}
		return ""
	}
	was, err1 := decimal.NewFromString(fmt.Sprint(drawn))
	is, err2 := decimal.NewFromString(fmt.Sprint(written))
	if drawn == written || err1 == nil && err2 == nil && was.Equal(is) {
		return ""
	}
	return fmt.Sprintf("%s was %v and is %v", at, drawn, written)
}

func TestAnEventWithoutContentIsNeverPublished(t *testing.T) {
	t.Parallel()
	for _, typ := range event.Catalogue {
		example, err := event.Read(envelopeOf(t, typ, exampleOf(t, typ)))
		if err != nil {
			t.Error(err)
			continue
		}
		empty := reflect.Zero(reflect.TypeOf(example)).Interface().(event.Payload)
		if _, err := event.New(t.Context(), "a-service", "", empty); err == nil {
			t.Errorf("an empty %s is accepted", typ)
		}
	}
}

// exampleOf is the data of the example in the type's schema.
func exampleOf(t testing.TB, typ event.Type) json.RawMessage {
	t.Helper()
	text, err := event.Schema(typ)
	if err != nil {
		t.Fatal(err)
	}
	var schema struct{ Examples []json.RawMessage }
	if err := json.Unmarshal(text, &schema); err != nil || len(schema.Examples) == 0 {
		t.Fatalf("the schema of %s has %d examples, %v", typ, len(schema.Examples), err)
	}
	return schema.Examples[0]
}
