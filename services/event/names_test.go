package event_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"traceria/services/event"
)

// withLookalikes writes a JSON value. Each object also has members whose names differ from its own in case only. They come last
// and have another value.
func withLookalikes(t *rapid.T, value any) string {
	var members []string
	switch value := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(value)) {
			members = append(members, fmt.Sprintf("%q : %s", name, withLookalikes(t, value[name])))
		}
		for _, name := range slices.Sorted(maps.Keys(value)) {
			other := rapid.SampledFrom([]string{`7`, `-1`, `"another"`, `null`, `{"value":1}`, `[]`, `true`}).Draw(t, "other "+name)
			members = append(members, lookalike(t, name)+":"+other)
		}
		return "{" + strings.Join(members, ",") + "}"
	case []any:
		for _, one := range value {
			members = append(members, withLookalikes(t, one))
		}
		return "[" + strings.Join(members, ",") + "]"
	default:
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
}

// lookalike returns a quoted name that encoding/json takes for name.
func lookalike(t *rapid.T, name string) string {
	letters := []rune(name)
	at := rapid.IntRange(0, len(letters)-1).Filter(func(i int) bool { return unicode.IsLetter(letters[i]) }).Draw(t, "letter of "+name)
	letters[at] = unicode.SimpleFold(letters[at])
	if rapid.Bool().Draw(t, "escaped") {
		return fmt.Sprintf(`"%s\u%04x%s"`, string(letters[:at]), letters[at], string(letters[at+1:]))
	}
	return `"` + string(letters) + `"`
}

// JSON distinguishes names by case: Points is an unknown member, and not points.
func TestNamesInAnotherCaseAreUnknownMembers(t *testing.T) {
	t.Parallel()
	for _, typ := range event.Catalogue {
		t.Run(typ.String(), func(t *testing.T) {
			t.Parallel()
			generator := shapeOf(t, typ).data()
			rapid.Check(t, func(t *rapid.T) {
				data := generator.Draw(t, "data")
				plain, err := json.Marshal(data)
				if err != nil {
					t.Fatal(err)
				}
				want, err := event.Read(envelope(typ, plain))
				if err != nil {
					t.Skip("the code refuses what the schema cannot: ", err)
				}
				text := withLookalikes(t, data)
				got, err := event.Read(envelope(typ, []byte(text)))
				if err != nil {
					t.Fatalf("%s: %v", text, err)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Fatalf("%s (-plain +with lookalikes)\n%s", text, diff)
				}
			})
		})
	}
}

func envelope(typ event.Type, data []byte) event.Envelope {
	return event.Envelope{Metadata: event.Metadata{EventType: typ.Name, Version: typ.Version}, Data: data}
}

// The identity of an event cannot be changed by a member that is not one of the envelope.
func TestEnvelopeNamesInAnotherCaseAreUnknown(t *testing.T) {
	t.Parallel()
	metadata := map[string]any{
		"eventType": "OrderBoxed", "version": "v1", "eventId": "e-1", "eventDate": "2024-01-30T12:00:00Z", "source": "kitchen",
		"conversationId": "o-1", "causationId": "c-1", "traceParent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		"traceState": "v=1", "parentSpan": "b7ad6b7169203331", "baggage": "a=b",
	}
	body := map[string]any{"metadata": metadata, "data": map[string]any{"orderId": "o-1"}}
	plain, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	want, err := event.Decode(plain)
	if err != nil || want.Metadata.EventID != "e-1" {
		t.Fatalf("%+v, %v", want, err)
	}
	rapid.Check(t, func(t *rapid.T) {
		text := withLookalikes(t, body)
		got, err := event.Decode([]byte(text))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		boxed, err := event.Data[event.OrderBoxed](got)
		if diff := cmp.Diff(want.Metadata, got.Metadata); diff != "" || err != nil || boxed.OrderID != "o-1" {
			t.Fatalf("%s: %+v, %v (-plain +with lookalikes)\n%s", text, boxed, err, diff)
		}
	})
}
