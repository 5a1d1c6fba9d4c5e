package tracetree

import (
	"cmp"
	"strconv"
	"strings"
)

// The attributes of version 1.43 of the messaging conventions from which a story is made. All other names are in [spellings].
const (
	systemKey       = "messaging.system"
	operationKey    = "messaging.operation.type"
	destinationKey  = "messaging.destination.name"
	routingKeyKey   = "messaging.rabbitmq.destination.routing_key"
	messageIDKey    = "messaging.message.id"
	messageGroupKey = "messaging.message.conversation_id"
	groupKey        = "messaging.consumer.group.name"
	subscriptionKey = "messaging.destination.subscription.name"
	partitionKey    = "messaging.destination.partition.id"
	offsetKey       = "messaging.kafka.offset"
	kafkaKeyKey     = "messaging.kafka.message.key"
)

// spellings are the names that other versions of the conventions have for the attributes above, the newest first.
var spellings = map[string][]string{
	operationKey:    {"messaging.operation", "messaging.operation.name"},
	destinationKey:  {"messaging.destination", "messaging.source.name", "messaging.source"},
	routingKeyKey:   {"messaging.rabbitmq.routing_key"},
	messageIDKey:    {"messaging.message_id"},
	messageGroupKey: {"messaging.conversation_id"},
	groupKey: {
		"messaging.kafka.consumer.group", "messaging.kafka.consumer_group", "messaging.eventhubs.consumer.group",
		"messaging.rocketmq.client_group", "messaging.consumer_group",
	},
	subscriptionKey: {"messaging.servicebus.destination.subscription_name"},
	partitionKey: {
		"messaging.kafka.destination.partition", "messaging.kafka.source.partition", "messaging.kafka.partition",
		"messaging.eventhubs.destination.partition.id",
	},
	offsetKey:   {"messaging.kafka.message.offset"},
	kafkaKeyKey: {"messaging.kafka.message_key"},
}

// operations are the operations of all versions with their names in 1.43. Some instrumentations name the call of their library.
var operations = map[string]string{
	"send": opSend, "publish": opSend, "create": opCreate, "receive": opReceive, "poll": opReceive,
	"process": opProcess, "deliver": opProcess, "consume": opProcess,
	"settle": opSettle, "ack": opSettle, "nack": opSettle, "reject": opSettle, "complete": opSettle, "abandon": opSettle,
	"dead_letter": opSettle, "commit": opSettle,
}

// The operations of version 1.43.
const (
	opSend    = "send"
	opCreate  = "create"
	opReceive = "receive"
	opProcess = "process"
	opSettle  = "settle"
)

// Messaging is what a span says about messages, with the words of version 1.43 of the conventions, whatever version the span has.
type Messaging struct {
	System string
	// Operation is send, create, receive, process or settle. It follows the span's kind if the span names none.
	Operation string
	// Exchange and RoutingKey are those of RabbitMQ. Topic is the destination in other systems.
	Exchange   string
	RoutingKey string
	Topic      string
	// Queue is the consumer's queue. Where consumers share a topic, it is "topic:group". It is "" if the span does not know.
	Queue     string
	MessageID string
	// Old reports attribute names from before version 1.17.
	Old bool

	guessed bool   // the span does not name the queue; Queue is the best name for it
	direct  bool   // the destination is one queue, not something that several queues read
	offset  string // partition and offset in Kafka, which identify a message without an id
}

// Subject is the best short name for the kind of message: the routing key, or the topic, or the queue.
func (m Messaging) Subject() string { return cmp.Or(m.RoutingKey, m.Topic, m.Queue, m.Exchange) }

// MessagingOf reads the messaging conventions, from those before 1.17 to 1.43. It returns false for a span that is not about
// messages.
//
// The package reads spans with such accessors and does not rewrite them: a person must see the attributes that a service sent,
// and [Derived] shows what was read apart from them. [Build] reads each span once and keeps the result in the [Node].
func MessagingOf(s Span) (Messaging, bool) {
	m := Messaging{System: s.text(systemKey)}
	named, _ := s.first(operationKey)
	if m.System == "" && named == "" && s.text(destinationKey) == "" && s.text(routingKeyKey) == "" && s.text(messageIDKey) == "" {
		return Messaging{}, false
	}
	m.Operation = operations[strings.ToLower(named)]
	if m.Operation == "" {
		m.Operation = byKind[s.Kind]
	}
	m.MessageID, _ = s.first(messageIDKey)
	m.Old = s.isOld()
	m.place(s)
	return m, true
}

// byKind is the operation of a span that names none: old conventions leave it out for a send.
var byKind = map[string]string{KindProducer: opSend, KindConsumer: opProcess}

// Conversation returns the conversation that a span belongs to, or "": traceria.conversation, else the conversation id of the
// messaging conventions, in all versions.
func Conversation(s Span) (id string) {
	if id = s.text(conversationKey); id != "" {
		return id
	}
	id, _ = s.first(messageGroupKey)
	return id
}

// first returns the value of an attribute under its present name or another one, and the name that has it.
func (s Span) first(name string) (value, under string) {
	if value = s.text(name); value != "" {
		return value, name
	}
	for _, other := range spellings[name] {
		if value = s.text(other); value != "" {
			return value, other
		}
	}
	return "", ""
}

// text returns a string or an integer as text, and "" for other values: some instrumentations send numbers for ids.
func (s Span) text(name string) string {
	switch v := s.Attributes[name].(type) {
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	default:
		return ""
	}
}

// isOld looks for names that the conventions changed in version 1.17, or in those before it.
func (s Span) isOld() bool {
	for _, name := range oldNames {
		if _, present := s.Attributes[name]; present {
			return true
		}
	}
	return false
}

var oldNames = []string{
	"messaging.destination", "messaging.message_id", "messaging.conversation_id", "messaging.rabbitmq.routing_key",
	"messaging.destination_kind", "messaging.kafka.consumer_group", "messaging.kafka.partition", "messaging.kafka.message_key",
}
