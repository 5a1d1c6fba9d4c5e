package tracetree

import (
	"cmp"
	"slices"
	"strings"
)

// place reads where a message goes to or comes from.
func (m *Messaging) place(s Span) {
	name, under := s.first(destinationKey)
	key, _ := s.first(routingKeyKey)
	if m.System != "" && !strings.EqualFold(m.System, "rabbitmq") && key == "" {
		m.topic(s, cmp.Or(name, addressed(s)))
		return
	}
	if under == destinationKey && isComposed(name, key) || m.Operation == "" {
		m.Exchange, m.RoutingKey, m.Queue = splitDestination(name, key)
		m.direct = m.Exchange == "" && key != ""
		switch {
		case m.Operation == "":
		case m.sends() && !m.direct:
			m.Queue = "" // the consumers have queues of their own
		case !m.sends() && m.Queue == "":
			m.exchange(s, name, key)
		}
		return
	}
	m.exchange(s, name, key)
}

func (m *Messaging) sends() bool { return m.Operation == opSend || m.Operation == opCreate }

// isComposed reports whether a name is {exchange}:{routing key}:{queue} without its empty parts, as RabbitMQ's destinations
// are from version 1.26 on. Before, the name was that of the exchange.
func isComposed(name, key string) bool {
	return key == "" || name == "" || name == key || strings.HasPrefix(name, key+":") || strings.Contains(name, ":"+key)
}

// splitDestination reads {exchange}:{routing key} or {exchange}:{routing key}:{queue}. Empty parts are omitted, and a queue that
// equals the routing key is written once.
func splitDestination(name, key string) (exchange, routingKey, queue string) {
	switch {
	case key == "":
		exchange, queue, _ = strings.Cut(name, ":")
	case strings.HasPrefix(name, key+":"):
		queue = strings.TrimPrefix(name, key+":")
	case name == key:
		queue = key
	default:
		var rest string
		exchange, rest, _ = strings.Cut(name, ":"+key)
		queue = cmp.Or(strings.TrimPrefix(rest, ":"), key)
	}
	return exchange, key, queue
}

// defaultExchange are the names that instrumentations give to the exchange without a name.
var defaultExchange = []string{"", "<default>", "(default)", "amq.default", "default"}

// exchange reads a destination of RabbitMQ that has no queue. The span's name may have it, as in "warehouse process" of Node's
// amqplib and of Java. Otherwise the routing key is the best name of the queue that there is.
func (m *Messaging) exchange(s Span, name, key string) {
	m.RoutingKey = key
	if slices.Contains(defaultExchange, name) {
		m.Queue, m.direct = cmp.Or(key, s.queueInName(name, key)), true
		return
	}
	m.Exchange = name
	if m.sends() {
		return
	}
	if m.Queue = s.queueInName(name, key); m.Queue == "" {
		m.Queue, m.guessed = cmp.Or(key, name), true
	}
}

// queueInName returns the queue of a span that is named "QUEUE process" or "process QUEUE", or "".
func (s Span) queueInName(exchange, key string) string {
	queue := ""
	before, after, _ := strings.Cut(s.Name, " ")
	if operations[strings.ToLower(before)] != "" {
		queue = after
	} else if i := strings.LastIndexByte(s.Name, ' '); i > 0 && operations[strings.ToLower(s.Name[i+1:])] != "" {
		queue = s.Name[:i]
	}
	if queue == exchange || queue == key || queue == exchange+":"+key || slices.Contains(defaultExchange, queue) || strings.HasPrefix(queue, "(") {
		return ""
	}
	return strings.TrimPrefix(strings.TrimPrefix(queue, exchange+":"+key+":"), exchange+":")
}

// topic reads a destination of any other system. Consumers of a group share the messages of a topic, so topic and group are
// what a queue is in RabbitMQ.
func (m *Messaging) topic(s Span, name string) {
	m.Topic = name
	group, _ := s.first(groupKey)
	if group == "" {
		group, _ = s.first(subscriptionKey)
	}
	partition, _ := s.first(partitionKey)
	if offset, _ := s.first(offsetKey); offset != "" && partition != "" {
		m.offset = name + "/" + partition + "/" + offset
	}
	m.direct = s.text("messaging.destination_kind") == "queue" || strings.Contains(strings.ToLower(m.System), "sqs")
	switch {
	case m.sends():
		if m.direct {
			m.Queue = name
		}
	case group == "":
		m.Queue, m.guessed = name, !m.direct
	default:
		m.Queue = name + ":" + group
	}
}

// addressed returns the last part of the address of a queue in SQS, whose older spans have no other name.
func addressed(s Span) string {
	for _, name := range []string{"aws.sqs.queue.url", "aws.queue_url", "aws.queue.url", "messaging.url"} {
		if address := s.text(name); strings.Contains(address, "://sqs.") {
			return address[strings.LastIndexByte(address, '/')+1:]
		}
	}
	return ""
}

// destination returns the parts of the destination, or three empty texts.
func (s Span) destination() (exchange, routingKey, queue string) {
	m, _ := MessagingOf(s)
	return m.Exchange, m.RoutingKey, m.Queue
}
