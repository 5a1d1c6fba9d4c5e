package asyncapi

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"traceria/services/event"
	"traceria/services/pizzeria"
)

func TestAsyncAPIDocumentIsNotStale(t *testing.T) {
	t.Parallel()
	want, err := Document()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../event/asyncapi.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("services/event/asyncapi.json is stale: run `make generate`")
	}
}

// An event that the default does not publish has a tag.
func TestAsyncAPIMarksWhatIsNotSentByDefault(t *testing.T) {
	t.Parallel()
	text, err := Document()
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Operations map[string]struct {
			Action, Summary string
			Tags            []struct{ Name, Description string }
		}
	}
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	for _, typ := range event.Catalogue {
		operation := document.Operations[typ.Domain+".send."+typ.Kebab()+"."+typ.Version]
		marked := len(operation.Tags) == 1 && operation.Tags[0].Name == "optional" &&
			strings.Contains(operation.Tags[0].Description, "EVENT_STYLE=sparse or sparse-callback") && strings.Contains(operation.Summary, "only with EVENT_STYLE")
		if operation.Action != "send" || marked != (typ == event.OrderConfirmedV3) || len(operation.Tags) > 0 && !marked {
			t.Errorf("%s: %+v", typ, operation)
		}
	}
}

func compiled(t *testing.T, name, file string, draft *jsonschema.Draft) *jsonschema.Schema {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(draft)
	if err := compiler.AddResource("document.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("document.json#" + name)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func TestAsyncAPIDocumentIsValid(t *testing.T) {
	t.Parallel()
	text, err := Document()
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	official := compiled(t, "", "testdata/asyncapi/schema-3.0.0.json", jsonschema.Draft7)
	if err := official.Validate(document); err != nil {
		t.Error(err)
	}
	// The validation finds errors in a channel, an operation, a message and a binding.
	for name, spoil := range map[string]func(object){
		"an operation with an unknown action": func(d object) {
			d["operations"].(object)["order.send.order-created.v1"].(object)["action"] = "shout"
		},
		"the binding of a channel": func(d object) {
			binding := d["channels"].(object)["kitchen.order-confirmed"].(object)["bindings"].(object)["amqp"].(object)
			binding["is"] = "letterbox"
		},
		"the binding of an operation": func(d object) {
			binding := d["operations"].(object)["order.send.order-created.v1"].(object)["bindings"].(object)["amqp"].(object)
			binding["deliveryMode"] = 3
		},
		"a message": func(d object) {
			d["components"].(object)["messages"].(object)["OrderCreated.v1"].(object)["contentType"] = 1
		},
	} {
		var spoilt object
		if err := json.Unmarshal(text, &spoilt); err != nil {
			t.Fatal(err)
		}
		spoil(spoilt)
		if official.Validate(spoilt) == nil {
			t.Errorf("%s with an error is valid", name)
		}
	}
}

// The schemas accept every event in both envelopes, and refuse one without its data.
func TestAsyncAPIDescribesWhatIsSent(t *testing.T) {
	t.Parallel()
	for _, typ := range event.Catalogue {
		c, err := pizzeria.ContractOf(typ, pizzeria.Default(), event.Choices{})
		if err != nil {
			t.Fatal(err)
		}
		for _, format := range []string{event.MetadataFormat, event.CloudEventsFormat} {
			schema := compiled(t, "/components/messages/"+messageName(typ, format)+"/payload", "../event/asyncapi.json", jsonschema.Draft7)
			e := pizzeria.ExampleOf(typ, c)
			_, body, err := event.Encode(e, format)
			if err != nil {
				t.Fatal(err)
			}
			payload, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(payload); err != nil {
				t.Errorf("%s as %s: %v", typ, format, err)
			}
			payload.(object)["data"] = object{}
			if schema.Validate(payload) == nil {
				t.Errorf("%s as %s is valid without its data", typ, format)
			}
		}
	}
}

// An unreleased event may change in any way. The document says so.
func TestAnUnreleasedEventHasATag(t *testing.T) {
	t.Parallel()
	for released, want := range map[bool]bool{false: true, true: false} {
		tags, err := json.Marshal(tagsOf(event.OrderBoxedV1, pizzeria.Contract{Released: released, Published: true}))
		if err != nil || strings.Contains(string(tags), `"unreleased"`) != want {
			t.Errorf("released %t: the document says %s, %v", released, tags, err)
		}
	}
}
