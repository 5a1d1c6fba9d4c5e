package asyncapi

import (
	"encoding/json"
	"fmt"
	"strings"
)

// addSchema puts an event's schema beside the others, under its name, and its definitions under names of their own:
// the schema objects of AsyncAPI are JSON Schema of an earlier draft, in which ours mean the same.
func (a *apiDocument) addSchema(name string, text []byte) error {
	var schema object
	if err := json.Unmarshal(text, &schema); err != nil {
		return fmt.Errorf("read the schema of %s: %w", name, err)
	}
	definitions, _ := schema["$defs"].(object)
	for _, keyword := range []string{"$schema", "$id", "$defs"} {
		delete(schema, keyword)
	}
	a.schemas[name] = moved(schema, name)
	for definition, value := range definitions {
		a.schemas[name+"."+definition] = moved(value, name)
	}
	return nil
}

// moved returns a schema whose references lead to where addSchema puts the definitions.
func moved(value any, name string) any {
	switch value := value.(type) {
	case object:
		for member, inner := range value {
			if text, ok := inner.(string); ok && member == "$ref" {
				value[member] = "#/components/schemas/" + name + "." + strings.TrimPrefix(text, "#/$defs/")
				continue
			}
			value[member] = moved(inner, name)
		}
	case []any:
		for i := range value {
			value[i] = moved(value[i], name)
		}
	}
	return value
}

// text is the schema of a text that says something.
func text(description string) object {
	return object{"type": "string", "minLength": 1, "description": description}
}

func metadataSchema() object {
	return object{
		"type": "object", "description": "What is said about an event, beside the event itself. Unknown members are ignored.",
		"required": []string{"eventType", "version", "eventId"},
		"properties": object{
			"eventType": text("What happened."), "version": text("The version of the contract: v1."),
			"eventId":        text("The fact. All versions of one fact share it."),
			"eventDate":      object{"type": "string", "description": "When it happened: RFC 3339, or a date."},
			"source":         text("The service that says so."),
			"conversationId": text("The order, or whatever else the story is about."),
			"causationId":    text("The event id of the event that led to this one."),
			"traceParent":    text("The send span, as the header traceparent: for when the headers are dropped on the way."),
			"traceState":     text("As the header tracestate."), "parentSpan": text("The span id inside traceParent."),
			"baggage": text("As the header baggage."),
		},
	}
}

// cloudEventsSchema is for the attributes of CloudEvents 1.0 that our events have.
func cloudEventsSchema() object {
	return object{
		"type": "object", "description": "CloudEvents 1.0, structured JSON.",
		"required": []string{"specversion", "id", "source", "type"},
		"properties": object{
			"specversion": object{"const": "1.0"}, "id": text("{eventId}.{version}"),
			"source": text("The service that says so: urn:traceria:service:{name}."), "type": text("traceria.{routing key}"),
			"subject":         text("The conversation: the order."),
			"time":            object{"type": "string", "format": "date-time", "description": "When it happened."},
			"datacontenttype": text("application/json, application/xml or text/xml."),
			"dataschema":      text("The schema of the data: urn:traceria:event:{event}:{version}."),
			"traceparent":     text("The send span (the distributed tracing extension)."), "tracestate": text("As the header."),
			"baggage": text("As the header."), "correlationid": text("The conversation: the order."),
			"causationid": text("The id of the event that led to this one."),
		},
	}
}

func headersSchema() object {
	return object{
		"type": "object",
		"properties": object{
			"traceparent":      object{"type": "string", "pattern": "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}", "description": "The send span (W3C Trace Context)."},
			"tracestate":       object{"type": "string", "description": "W3C Trace Context."},
			"baggage":          object{"type": "string", "description": "W3C Baggage."},
			"traceria-sent-at": object{"type": "integer", "description": "When it was sent, in nanoseconds since 1970."},
			"traceria-attempt": object{"type": "integer", "minimum": 1, "description": "The number of the attempt, from the second on."},
		},
	}
}
