package asyncapi

import (
	"strings"

	"traceria/services/event"
	"traceria/services/pizzeria"
)

// messageOf describes an event in one of its envelopes.
func messageOf(t event.Type, c pizzeria.Contract, format string) object {
	data := reference("components", "schemas", name(t))
	payload := object{"type": "object", "required": []string{"metadata", "data"}, "properties": object{
		"metadata": object{"allOf": []any{reference("components", "schemas", "metadata"), object{"properties": object{
			"eventType": object{"const": t.Name}, "version": object{"const": t.Version},
		}}}},
		"data": data,
	}}
	contentType, correlation := event.MetadataContentType, "$message.payload#/metadata/conversationId"
	if format == event.CloudEventsFormat {
		payload = object{"allOf": []any{reference("components", "schemas", "cloudevents"), object{"properties": object{
			"type": object{"const": "traceria." + t.RoutingKey()}, "data": data,
		}}}}
		contentType, correlation = event.CloudEventsContentType, "$message.payload#/correlationid"
	}
	return object{
		"name": t.Name, "title": t.String(), "summary": c.Description, "contentType": contentType, "tags": tagsOf(t, c),
		"headers": reference("components", "schemas", "headers"), "payload": payload,
		"correlationId": object{"location": correlation, "description": "The conversation, for example the order id."},
		"examples":      []any{object{"name": "example", "payload": c.Envelopes[format]}},
		"bindings":      object{"amqp": object{"messageType": t.Name, "bindingVersion": amqpBinding}},
	}
}

// conditionOf names the setting with which an event is published, if the default does not publish it.
func conditionOf(c pizzeria.Contract) string {
	if c.PublishedWith == "" {
		return ""
	}
	return ", only with " + c.PublishedWith
}

// optionalTag marks an event that the default does not publish.
func optionalTag(c pizzeria.Contract) []any {
	if c.PublishedWith == "" {
		return nil
	}
	return []any{object{"name": "optional", "description": "Not published by default. It needs " + c.PublishedWith + ", which also binds the queues of its subscribers."}}
}

// tagsOf returns the style of an event and what is unusual about it.
func tagsOf(t event.Type, c pizzeria.Contract) []any {
	tags := append([]any{object{"name": c.Style}}, optionalTag(c)...)
	if t.Exchange != event.PublicExchange {
		tags = append(tags, object{"name": "private", "description": "Internal to " + t.Domain + ". No other service subscribes to it."})
	}
	if !c.Released {
		tags = append(tags, object{"name": "unreleased", "description": "Its schema may change in any way."})
	}
	if c.Deprecated {
		tags = append(tags, object{"name": "deprecated", "description": "It may be removed after " + c.DeprecationDate + " if no service subscribes to it."})
	}
	return tags
}

// inChannel returns references to the messages of the types, by name.
func inChannel(types ...event.Type) object {
	messages := object{}
	for _, t := range types {
		for _, format := range []string{event.MetadataFormat, event.CloudEventsFormat} {
			messages[messageName(t, format)] = reference("components", "messages", messageName(t, format))
		}
	}
	return messages
}

// ofChannel returns references to messages of a channel.
func ofChannel(channel string, types ...event.Type) []any {
	var messages []any
	for _, t := range types {
		for _, format := range []string{event.MetadataFormat, event.CloudEventsFormat} {
			messages = append(messages, reference("channels", channel, "messages", messageName(t, format)))
		}
	}
	return messages
}

// messageName is the name of an event in an envelope: OrderBoxed.v1, OrderBoxed.v1.cloudevents.
func messageName(t event.Type, format string) string {
	if format == event.CloudEventsFormat {
		return name(t) + ".cloudevents"
	}
	return name(t)
}

// name is the name of an event in the document.
func name(t event.Type) string { return t.Name + "." + t.Version }

// reference points to a member of the document. Our names have no character that a JSON pointer escapes.
func reference(path ...string) object { return object{"$ref": "#/" + strings.Join(path, "/")} }
