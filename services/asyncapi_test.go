package main

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"traceria/services/event"
)

func TestAsyncAPIDocumentIsNotStale(t *testing.T) {
	t.Parallel()
	want, err := asyncAPI()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("event/asyncapi.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("services/event/asyncapi.json is stale: run `make build && bin/traceria events asyncapi > services/event/asyncapi.json`")
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
	text, err := asyncAPI()
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
	// The check can fail: in a channel, an operation, a message and a binding.
	for name, spoil := range map[string]func(object){
		"an operation that does neither": func(d object) {
			d["operations"].(object)["order.send.order-created.v1"].(object)["action"] = "shout"
		},
		"a channel's binding": func(d object) {
			binding := d["channels"].(object)["kitchen.order-confirmed"].(object)["bindings"].(object)["amqp"].(object)
			binding["is"] = "letterbox"
		},
		"an operation's binding": func(d object) {
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
			t.Errorf("%s that is wrong is valid", name)
		}
	}
}

// What the document says about messages is true of messages: every event, in both envelopes, as it is written.
func TestAsyncAPIDescribesWhatIsSent(t *testing.T) {
	t.Parallel()
	for _, typ := range event.Catalogue {
		c, err := contractOf(typ)
		if err != nil {
			t.Fatal(err)
		}
		for _, format := range []string{event.MetadataFormat, event.CloudEventsFormat} {
			schema := compiled(t, "/components/messages/"+messageName(typ, format)+"/payload", "event/asyncapi.json", jsonschema.Draft7)
			e := exampleOf(typ, c)
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
