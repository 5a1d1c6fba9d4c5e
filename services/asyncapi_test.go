package main

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
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
		t.Error("services/event/asyncapi.json is stale: run `go generate ./services`")
	}
}

// What is made from the code is the same in every shell: whoever follows the advice of the tests writes the right files.
func TestWhatIsGeneratedDoesNotDependOnTheEnvironment(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file string
		args []string
	}{
		{"event/asyncapi.json", []string{"events", "asyncapi"}},
		{"topology/definitions.json", []string{"topology", "show", "--defaults"}},
	} {
		want, err := os.ReadFile(c.file)
		if err != nil {
			t.Fatal(err)
		}
		for _, env := range [][]string{
			nil,
			{"EVENT_STYLE=sparse"},
			{"EVENT_STYLE=sparse-callback", "EVENT_VERSIONS=v1"},
			{"LOYALTY_ORDER_CONFIRMED=v2"},
			{"EVENT_STYLE=junk"},
			{"TRACERIA_RETRY_BACKOFF=1s"},
		} {
			if got, err := new(system).traceriaWith(env, c.args...); err != nil || got != string(want) {
				t.Errorf("%v with %v is not %s: %v", c.args, env, c.file, err)
			}
		}
	}
	// The topology for use is that of the configuration.
	if got, err := new(system).traceriaWith([]string{"LOYALTY_ORDER_CONFIRMED=v2", "TRACERIA_RETRY_BACKOFF=7s"}, "topology", "show"); err != nil ||
		!strings.Contains(got, "loyalty.order-confirmed.retry.7s") {
		t.Errorf("%v\n%s", err, got)
	}
}

// The document says what can be sent, and marks what is not sent by default.
func TestAsyncAPIMarksWhatIsNotSentByDefault(t *testing.T) {
	t.Parallel()
	text, err := asyncAPI()
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
		c, err := contractOf(typ, byDefault(), event.Choices{})
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
