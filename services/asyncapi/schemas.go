package asyncapi

import (
	"encoding/json"
	"fmt"
	"strings"
)

// addSchema adds the schema of an event under its name, and its definitions under {name}.{definition}. AsyncAPI uses an
// earlier draft of JSON Schema. Our schemas mean the same in both.
func (a *apiDocument) addSchema(name string, text []byte) error {
	var schema object
	if err := json.Unmarshal(text, &schema); err != nil {
		return fmt.Errorf("decode the schema of %s: %w", name, err)
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

// moved returns the schema with references to the definitions as addSchema names them.
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

// text is the schema of a text that is not empty.
func text(description string) object {
	return object{"type": "string", "minLength": 1, "description": description}
}

// metadataSchema describes the member metadata of the envelope.
func metadataSchema() object {
	return object{
		"type": "object", "description": "Metadata of an event. Unknown members are ignored.",
		"required": []string{"eventType", "version", "eventId"},
		"properties": object{
			"eventType": text("The name of the event."), "version": text("The version of the contract, such as v1."),
			"eventId":        text("The id of the fact. All versions of one fact share it."),
			"eventDate":      object{"type": "string", "description": "When it happened: RFC 3339, or a date."},
			"source":         text("The publishing service."),
			"conversationId": text("The conversation, for example the order id."),
			"causationId":    text("The eventId of the event that caused this one."),
			"traceParent":    text("The send span, as in the header traceparent. Consumers use it if the headers are lost."),
			"traceState":     text("As in the header tracestate."), "parentSpan": text("The span id in traceParent."),
			"baggage": text("As in the header baggage."),
		},
	}
}

// cloudEventsSchema describes the attributes of CloudEvents 1.0 that our events have.
func cloudEventsSchema() object {
	return object{
		"type": "object", "description": "CloudEvents 1.0, structured JSON.",
		"required": []string{"specversion", "id", "source", "type"},
		"properties": object{
			"specversion": object{"const": "1.0"}, "id": text("{eventId}.{version}"),
			"source": text("The publishing service: urn:traceria:service:{name}."), "type": text("traceria.{routing key}"),
			"subject":         text("The conversation, for example the order id."),
			"time":            object{"type": "string", "format": "date-time", "description": "When it happened."},
			"datacontenttype": text("application/json, application/xml or text/xml."),
			"dataschema":      text("The schema of the data: urn:traceria:event:{event}:{version}."),
			"traceparent":     text("The send span (distributed tracing extension)."), "tracestate": text("As in the header."),
			"baggage": text("As in the header."), "correlationid": text("The conversation, for example the order id."),
			"causationid": text("The id of the event that caused this one."),
		},
	}
}

// headersSchema describes the headers of a message.
func headersSchema() object {
	return object{
		"type": "object",
		"properties": object{
			"traceparent":      object{"type": "string", "pattern": "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}", "description": "The send span (W3C Trace Context)."},
			"tracestate":       object{"type": "string", "description": "W3C Trace Context."},
			"baggage":          object{"type": "string", "description": "W3C Baggage."},
			"traceria-sent-at": object{"type": "integer", "description": "The time of sending, in nanoseconds since 1970."},
			"traceria-attempt": object{"type": "integer", "minimum": 1, "description": "The number of the attempt, for the second and later attempts."},
		},
	}
}
