package tracetree

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// attributes of a span with the names and texts in turn.
func named(name, kind string, attributes ...string) Span {
	s := Span{TraceID: someTrace, SpanID: "1", Name: name, Kind: kind, Attributes: map[string]any{}}
	for i := 0; i < len(attributes); i += 2 {
		s.Attributes[attributes[i]] = attributes[i+1]
	}
	return s
}

func TestTheConventionsOfAllVersionsAreRead(t *testing.T) {
	t.Parallel()
	for what, test := range map[string]struct {
		span Span
		want Messaging
	}{
		"RabbitMQ 1.43, send": {
			named("send events:a.v1", KindProducer, systemKey, "rabbitmq", operationKey, "send", destinationKey, "events:a.v1", routingKeyKey, "a.v1", messageIDKey, "m"),
			Messaging{System: "rabbitmq", Operation: "send", Exchange: "events", RoutingKey: "a.v1", MessageID: "m"},
		},
		"RabbitMQ 1.43, process": {
			named("process events:a.v1:q", KindConsumer, systemKey, "rabbitmq", operationKey, "process", destinationKey, "events:a.v1:q", routingKeyKey, "a.v1"),
			Messaging{System: "rabbitmq", Operation: "process", Exchange: "events", RoutingKey: "a.v1", Queue: "q"},
		},
		"RabbitMQ 1.43, the default exchange": {
			named("send q", KindProducer, systemKey, "rabbitmq", operationKey, "send", destinationKey, "q", routingKeyKey, "q"),
			Messaging{System: "rabbitmq", Operation: "send", RoutingKey: "q", Queue: "q"},
		},
		"RabbitMQ 1.43, a fanout exchange": {
			named("process events:q", KindConsumer, systemKey, "rabbitmq", operationKey, "process", destinationKey, "events:q"),
			Messaging{System: "rabbitmq", Operation: "process", Exchange: "events", Queue: "q"},
		},
		"RabbitMQ 1.24 of Java: the destination is the exchange": {
			named("q process", KindConsumer, systemKey, "rabbitmq", "messaging.operation", "process", destinationKey, "events", routingKeyKey, "a.v1"),
			Messaging{System: "rabbitmq", Operation: "process", Exchange: "events", RoutingKey: "a.v1", Queue: "q"},
		},
		"RabbitMQ 1.21 of Java: publish and deliver": {
			named("q deliver", KindConsumer, systemKey, "rabbitmq", "messaging.operation", "deliver", destinationKey, "events", routingKeyKey, "a.v1"),
			Messaging{System: "rabbitmq", Operation: "process", Exchange: "events", RoutingKey: "a.v1", Queue: "q"},
		},
		"Node's amqplib, publish: no operation": {
			named("publish shop", KindProducer, systemKey, "rabbitmq", "messaging.destination", "shop", "messaging.rabbitmq.routing_key", "basket.bought", "messaging.message_id", "m1"),
			Messaging{System: "rabbitmq", Operation: "send", Exchange: "shop", RoutingKey: "basket.bought", MessageID: "m1", Old: true},
		},
		"Node's amqplib, process: the queue is in the name": {
			named("ware house process", KindConsumer, systemKey, "rabbitmq", "messaging.operation", "process", "messaging.destination", "shop", "messaging.rabbitmq.routing_key", "basket.bought"),
			Messaging{System: "rabbitmq", Operation: "process", Exchange: "shop", RoutingKey: "basket.bought", Queue: "ware house", Old: true},
		},
		"Node's amqplib, sendToQueue": {
			named("publish <default>", KindProducer, systemKey, "rabbitmq", "messaging.destination", "", "messaging.rabbitmq.routing_key", "jobs"),
			Messaging{System: "rabbitmq", Operation: "send", RoutingKey: "jobs", Queue: "jobs", Old: true},
		},
		"Python's pika: the queue is nowhere": {
			named("shop receive", KindConsumer, systemKey, "rabbitmq", "messaging.operation", "receive", "messaging.destination", "shop", "messaging.rabbitmq.routing_key", "basket.bought"),
			Messaging{System: "rabbitmq", Operation: "receive", Exchange: "shop", RoutingKey: "basket.bought", Queue: "basket.bought", Old: true},
		},
		"Kafka before 1.17": {
			named("orders process", KindConsumer, systemKey, "kafka", "messaging.operation", "process", "messaging.destination", "orders", "messaging.destination_kind", "topic", "messaging.kafka.consumer_group", "billing"),
			Messaging{System: "kafka", Operation: "process", Topic: "orders", Queue: "orders:billing", Old: true},
		},
		"Kafka 1.24": {
			named("orders process", KindConsumer, systemKey, "kafka", "messaging.operation", "process", destinationKey, "orders", "messaging.kafka.consumer.group", "billing"),
			Messaging{System: "kafka", Operation: "process", Topic: "orders", Queue: "orders:billing"},
		},
		"Kafka 1.43": {
			named("process orders", KindConsumer, systemKey, "kafka", operationKey, "process", destinationKey, "orders", groupKey, "billing"),
			Messaging{System: "kafka", Operation: "process", Topic: "orders", Queue: "orders:billing"},
		},
		"Kafka, send: the groups are not known": {
			named("send orders", KindProducer, systemKey, "kafka", operationKey, "send", destinationKey, "orders"),
			Messaging{System: "kafka", Operation: "send", Topic: "orders"},
		},
		"SQS by its address": {
			named("SQS.SendMessage", KindProducer, systemKey, "AmazonSQS", "messaging.url", "https://sqs.eu-west-1.amazonaws.com/1234/jobs"),
			Messaging{System: "AmazonSQS", Operation: "send", Topic: "jobs", Queue: "jobs"},
		},
		"SQS 1.43": {
			named("process jobs", KindConsumer, systemKey, "aws_sqs", operationKey, "process", destinationKey, "jobs"),
			Messaging{System: "aws_sqs", Operation: "process", Topic: "jobs", Queue: "jobs"},
		},
		"NATS with a queue group": {
			named("process orders.*", KindConsumer, systemKey, "nats", operationKey, "process", destinationKey, "orders.eu", groupKey, "workers"),
			Messaging{System: "nats", Operation: "process", Topic: "orders.eu", Queue: "orders.eu:workers"},
		},
		"Service Bus": {
			named("process topic", KindConsumer, systemKey, "servicebus", operationKey, "process", destinationKey, "topic", "messaging.servicebus.destination.subscription_name", "mine"),
			Messaging{System: "servicebus", Operation: "process", Topic: "topic", Queue: "topic:mine"},
		},
		"Pub/Sub": {
			named("process topic", KindConsumer, systemKey, "gcp_pubsub", operationKey, "process", destinationKey, "topic", subscriptionKey, "mine"),
			Messaging{System: "gcp_pubsub", Operation: "process", Topic: "topic", Queue: "topic:mine"},
		},
		"the operation's name alone": {
			named("ack q", KindClient, systemKey, "rabbitmq", "messaging.operation.name", "ack", destinationKey, "q"),
			Messaging{System: "rabbitmq", Operation: "settle", Exchange: "q", Queue: "q"},
		},
	} {
		got, is := MessagingOf(test.span)
		if diff := cmp.Diff(test.want, got, cmpopts.IgnoreUnexported(Messaging{})); diff != "" || !is {
			t.Errorf("%s: %t (-want +got)\n%s", what, is, diff)
		}
	}
	if got, is := MessagingOf(named("POST /order", KindServer, "http.route", "/order")); is {
		t.Errorf("a request is a message: %+v", got)
	}
}

func TestAConversationHasManyNames(t *testing.T) {
	t.Parallel()
	for want, span := range map[string]Span{
		"":  named("a", KindClient, "conversation", "x"),
		"1": named("a", KindClient, conversationKey, "1", messageGroupKey, "2"),
		"2": named("a", KindClient, messageGroupKey, "2", "messaging.conversation_id", "3"),
		"3": named("a", KindClient, "messaging.conversation_id", "3"),
	} {
		if got := Conversation(span); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// A person sees the attributes that were sent, and apart from them what they mean today.
func TestDerivedHasWhatTheSpanDoesNotSay(t *testing.T) {
	t.Parallel()
	spans := foreign(t, "amqplib-parent.json")
	tree := Build(spans)
	want := map[string]any{
		operationKey: "process", destinationKey: "shop:basket.bought:warehouse", routingKeyKey: "basket.bought", messageIDKey: "m2",
		messageGroupKey: "basket-2", queueKey: "warehouse", attemptKey: int64(1), settledKey: "requeue", waitKey: 46.098419,
	}
	found := false
	tree.Walk(func(n *Node, _ int) {
		if n.Name == "warehouse process" && n.failed() {
			found = true
			if diff := cmp.Diff(want, n.Derived()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if len(n.Attributes) != 12 || n.Attributes["messaging.destination"] != "shop" {
				t.Errorf("the span has lost attributes: %v", n.Attributes)
			}
		}
	})
	if !found {
		t.Error("the span is missing")
	}
	modern := named("process a:k:q", KindConsumer, systemKey, "rabbitmq", operationKey, "process", destinationKey, "a:k:q", routingKeyKey, "k", messageIDKey, "1")
	if diff := cmp.Diff(map[string]any{queueKey: "q"}, Derived(modern)); diff != "" {
		t.Errorf("a span of today (-want +got)\n%s", diff)
	}
	if got := Derived(named("GET", KindServer)); got != nil {
		t.Errorf("a request has %v", got)
	}
}
