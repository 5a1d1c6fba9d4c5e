// Package asyncapi describes the events as an AsyncAPI 3.0 document
// (https://www.asyncapi.com/docs/reference/specification/v3.0.0).
package asyncapi

import (
	"encoding/json"
	"fmt"

	"traceria/services/event"
	"traceria/services/pizzeria"
	"traceria/services/topology"
)

// object is a JSON object. Its members are encoded in alphabetical order, so the document is the same each time.
type object = map[string]any

// Document returns the document as JSON. Services send to channels that are routing keys of an exchange and receive from
// channels that are queues. A channel lists its messages, each in both envelopes.
func Document() ([]byte, error) {
	a := &apiDocument{channels: object{}, operations: object{}, messages: object{}, schemas: object{
		"metadata": metadataSchema(), "cloudevents": cloudEventsSchema(), "headers": headersSchema(),
	}}
	for _, t := range event.Catalogue {
		if err := a.add(t); err != nil {
			return nil, err
		}
	}
	for _, s := range pizzeria.Default().Subscriptions {
		a.subscribe(s)
	}
	return a.encode()
}

func (a *apiDocument) encode() ([]byte, error) {
	text, err := json.MarshalIndent(object{
		"asyncapi":           "3.0.0",
		"defaultContentType": event.MetadataContentType,
		"info": object{
			"title": "Traceria", "version": "1.0.0",
			"description": "The events of a pizzeria in which every order leaves a trace. Every consumer reads both envelopes, metadata/data and " +
				"CloudEvents 1.0. EVENT_FORMAT selects the published one.",
			"license": object{"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
		},
		"servers": object{"rabbitmq": object{
			"host": "127.0.0.1:5672", "protocol": "amqp", "protocolVersion": "0-9-1",
			"description": "RabbitMQ. Each service has its own user (AMQP_URL).",
			"security":    []any{object{"type": "userPassword"}},
		}},
		"channels": a.channels, "operations": a.operations,
		"components": object{"messages": a.messages, "schemas": a.schemas},
	}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode the AsyncAPI document: %w", err)
	}
	return append(text, '\n'), nil
}

// amqpBinding is the version of the AMQP bindings (https://github.com/asyncapi/bindings/tree/master/amqp).
const amqpBinding = "0.3.0"

type apiDocument struct{ channels, operations, messages, schemas object }

// add adds an event: its schema, its messages, the channel that it is sent to and its producer.
func (a *apiDocument) add(t event.Type) error {
	c, err := pizzeria.ContractOf(t, pizzeria.Default(), event.Choices{})
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
		"summary": t.Domain + " publishes " + t.String() + conditionOf(c) + ".",
		"bindings": object{"amqp": object{ // persistent, and returned if no queue takes it
			"deliveryMode": 2, "mandatory": true, "timestamp": true, "bindingVersion": amqpBinding,
		}},
	}
	if tags := optionalTag(c); len(tags) > 0 {
		send["tags"] = tags
	}
	a.operations[t.Domain+".send."+t.Kebab()+"."+t.Version] = send
	return nil
}

// subscribe adds a queue and the operation of its consumer.
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
