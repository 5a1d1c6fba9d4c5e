package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"traceria/services/event"
	"traceria/services/topology"
)

// object is a JSON object. Its members are written in alphabetical order, so that the document does not depend on luck.
type object = map[string]any

func newAsyncAPICommand() *cobra.Command {
	return &cobra.Command{
		Use:   "asyncapi",
		Short: "Print the contracts as an AsyncAPI 3.0 document",
		Long: `Print channels, operations, messages and schemas as an AsyncAPI 3.0 document in JSON, for generators, catalogues and
other tools (https://www.asyncapi.com/docs/reference/specification/v3.0.0). It is made from the schemas and the
subscriptions in the code, whatever the configuration is: queues are bound as by default, and what is sent only with
another configuration is marked (tag optional). services/event/asyncapi.json is this text.`,
		Args: asUsage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			document, err := asyncAPI()
			if err != nil {
				return err
			}
			_, err = cmd.OutOrStdout().Write(document)
			return err
		},
	}
}

// asyncAPI writes the document. Services send to channels that are routing keys of an exchange, and receive from channels
// that are queues; a channel has the messages that may be in it, each in both envelopes.
func asyncAPI() ([]byte, error) {
	a := apiDocument{channels: object{}, operations: object{}, messages: object{}, schemas: object{
		"metadata": metadataSchema(), "cloudevents": cloudEventsSchema(), "headers": headersSchema(),
	}}
	for _, t := range event.Catalogue {
		if err := a.add(t); err != nil {
			return nil, err
		}
	}
	for _, s := range byDefault().Subscriptions {
		a.subscribe(s)
	}
	text, err := json.MarshalIndent(object{
		"asyncapi":           "3.0.0",
		"defaultContentType": event.MetadataContentType,
		"info": object{
			"title": "Traceria", "version": "1.0.0",
			"description": "The events of a pizzeria in which every order leaves a trace. Every consumer reads both envelopes, metadata/data and " +
				"CloudEvents 1.0, at any time; EVENT_FORMAT says which one is published.",
			"license": object{"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
		},
		"servers": object{"rabbitmq": object{
			"host": "127.0.0.1:5672", "protocol": "amqp", "protocolVersion": "0-9-1",
			"description": "RabbitMQ, with a user for each service (AMQP_URL).",
			"security":    []any{object{"type": "userPassword"}},
		}},
		"channels": a.channels, "operations": a.operations,
		"components": object{"messages": a.messages, "schemas": a.schemas},
	}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the AsyncAPI document: %w", err)
	}
	return append(text, '\n'), nil
}

// amqpBinding is the version of the AMQP bindings (https://github.com/asyncapi/bindings/tree/master/amqp).
const amqpBinding = "0.3.0"

type apiDocument struct{ channels, operations, messages, schemas object }

// add adds an event: its schema, its messages, the channel that it is sent to and its producer.
func (a *apiDocument) add(t event.Type) error {
	c, err := contractOf(t, byDefault(), event.Choices{})
	if err != nil {
		return err
	}
	if err := a.addSchema(name(t), c.Schema); err != nil {
		return err
	}
	for _, format := range []string{event.MetadataFormat, event.CloudEventsFormat} {
		a.messages[messageName(t, format)] = messageOf(t, c, format)
	}
	a.channels[t.RoutingKey()] = object{
		"address": t.RoutingKey(), "description": c.Description, "messages": inChannel(t),
		"bindings": object{"amqp": object{
			"is": "routingKey", "bindingVersion": amqpBinding,
			"exchange": object{"name": t.Exchange, "type": "topic", "durable": true, "autoDelete": false, "vhost": "/"},
		}},
	}
	send := object{
		"action": "send", "channel": reference("channels", t.RoutingKey()), "messages": ofChannel(t.RoutingKey(), t),
		"summary": t.Domain + " says " + t.String() + conditionOf(c) + ".",
		"bindings": object{"amqp": object{ // persistent, and returned when no queue wants it
			"deliveryMode": 2, "mandatory": true, "timestamp": true, "bindingVersion": amqpBinding,
		}},
	}
	if tags := optionalTag(c); len(tags) > 0 {
		send["tags"] = tags
	}
	a.operations[t.Domain+".send."+t.Kebab()+"."+t.Version] = send
	return nil
}

// subscribe adds a queue and who takes what is in it.
func (a *apiDocument) subscribe(s topology.Subscription) {
	var taken []event.Type
	for _, t := range event.Catalogue {
		if s.Takes(t) {
			taken = append(taken, t)
		}
	}
	a.channels[s.Queue()] = object{
		"address": s.Queue(), "messages": inChannel(taken...),
		"description": "A quorum queue of " + s.Subscriber + ", bound to the routing keys of its messages.",
		"bindings": object{"amqp": object{
			"is": "queue", "bindingVersion": amqpBinding,
			"queue": object{"name": s.Queue(), "durable": true, "exclusive": false, "autoDelete": false, "vhost": "/"},
		}},
	}
	a.operations[s.Subscriber+".receive."+s.Event.Kebab()] = object{
		"action": "receive", "channel": reference("channels", s.Queue()), "messages": ofChannel(s.Queue(), taken...),
		"summary":  s.Subscriber + " takes " + s.Event.Name + ".",
		"bindings": object{"amqp": object{"ack": true, "bindingVersion": amqpBinding}},
	}
}

// name is an event's in the document.
func name(t event.Type) string { return t.Name + "." + t.Version }

func messageName(t event.Type, format string) string {
	if format == event.CloudEventsFormat {
		return name(t) + ".cloudevents"
	}
	return name(t)
}

// reference points to a member of the document. No name of ours has a character that a JSON pointer escapes.
func reference(path ...string) object { return object{"$ref": "#/" + strings.Join(path, "/")} }

func inChannel(types ...event.Type) object {
	messages := object{}
	for _, t := range types {
		for _, format := range []string{event.MetadataFormat, event.CloudEventsFormat} {
			messages[messageName(t, format)] = reference("components", "messages", messageName(t, format))
		}
	}
	return messages
}

func ofChannel(channel string, types ...event.Type) []any {
	var messages []any
	for _, t := range types {
		for _, format := range []string{event.MetadataFormat, event.CloudEventsFormat} {
			messages = append(messages, reference("channels", channel, "messages", messageName(t, format)))
		}
	}
	return messages
}

// messageOf is an event in one of its envelopes.
func messageOf(t event.Type, c contract, format string) object {
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
		"correlationId": object{"location": correlation, "description": "The conversation: the order."},
		"examples":      []any{object{"name": "example", "payload": c.Envelopes[format]}},
		"bindings":      object{"amqp": object{"messageType": t.Name, "bindingVersion": amqpBinding}},
	}
}

// conditionOf says of an event that is not always sent what it takes.
func conditionOf(c contract) string {
	if c.PublishedWith == "" {
		return ""
	}
	return ", only with " + c.PublishedWith
}

// optionalTag marks what a service can send, and does not by default.
func optionalTag(c contract) []any {
	if c.PublishedWith == "" {
		return nil
	}
	return []any{object{"name": "optional", "description": "Not sent by default: only with " + c.PublishedWith + ", and received by those whom that makes take it."}}
}

func tagsOf(t event.Type, c contract) []any {
	tags := append([]any{object{"name": c.Style}}, optionalTag(c)...)
	if t.Exchange != event.PublicExchange {
		tags = append(tags, object{"name": "private", "description": "Between the parts of " + t.Domain + "; nobody else subscribes to it."})
	}
	if !c.Released {
		tags = append(tags, object{"name": "unreleased", "description": "Its schema may still change in any way."})
	}
	if c.Deprecated {
		tags = append(tags, object{"name": "deprecated", "description": "It may go after " + c.DeprecationDate + ", when nobody takes it."})
	}
	return tags
}

// exampleOf is the event of its schema's example, always the same.
func exampleOf(t event.Type, c contract) event.Envelope {
	return event.Envelope{
		Metadata: event.Metadata{
			EventType: t.Name, Version: t.Version, EventID: "0b9e3a52-6f0e-4c58-9d3e-2d7c7a4a9f10", Source: t.Domain,
			EventDate:      event.Date{Time: time.Date(2024, 1, 30, 12, 0, 0, 0, time.UTC)},
			ConversationID: "4d4cbbf2-54a5-4c17-b5ce-f1c4ed1a3f5e",
			TraceParent:    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", ParentSpan: "00f067aa0ba902b7",
		},
		Data: c.Example,
	}
}
