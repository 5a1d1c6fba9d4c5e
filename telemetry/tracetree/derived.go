package tracetree

// Derived returns what the conventions of version 1.43 call the attributes of a span that has them under other names or not at
// all. The span keeps its own. It is nil for a span that has nothing to add. [Node.Derived] adds what other spans tell.
func Derived(s Span) map[string]any {
	m, is := MessagingOf(s)
	if !is {
		return nil
	}
	group, _ := s.first(groupKey)
	partition, _ := s.first(partitionKey)
	offset, _ := s.first(offsetKey)
	messageKey, _ := s.first(kafkaKeyKey)
	conversation, _ := s.first(messageGroupKey)
	derived := map[string]any{}
	for name, value := range map[string]string{
		operationKey: m.Operation, destinationKey: m.name(), routingKeyKey: m.RoutingKey, messageIDKey: m.MessageID,
		messageGroupKey: conversation, groupKey: group, partitionKey: partition, offsetKey: offset, kafkaKeyKey: messageKey,
		settledKey: s.settlement(), queueKey: m.queue(),
	} {
		if _, present := s.Attributes[name]; !present && value != "" {
			derived[name] = value
		}
	}
	if len(derived) == 0 {
		return nil
	}
	return derived
}

// queueKey is the queue of a span whose name or group tells it.
const queueKey = "traceria.queue.name"

// name is the destination as version 1.43 writes it, for a span of RabbitMQ or of any other system.
func (m Messaging) name() string {
	if m.Topic != "" {
		return m.Topic
	}
	parts := []string{m.Exchange, m.RoutingKey, m.queue()}
	if parts[2] == parts[1] {
		parts[2] = ""
	}
	name := ""
	for _, part := range parts {
		if part != "" && name != "" {
			name += ":"
		}
		name += part
	}
	return name
}

// queue is "" if the span does not name it.
func (m Messaging) queue() string {
	if m.guessed || m.sends() {
		return ""
	}
	return m.Queue
}

// Derived returns what [Derived] does, with the wait, the attempt and the settlement that other spans tell.
func (n *Node) Derived() map[string]any {
	derived := Derived(n.Span)
	h := n.message()
	if derived == nil {
		derived = map[string]any{}
	}
	if h.waited.Known && !h.waited.Told {
		derived[waitKey] = inMilliseconds(h.waited.Time)
	}
	if _, told := n.Attributes[attemptKey]; !told && h.attempt > 0 {
		derived[attemptKey] = int64(h.attempt)
	}
	if _, told := n.Attributes[settledKey]; !told && h.settled != "" {
		derived[settledKey] = h.settled
	}
	if len(derived) == 0 {
		return nil
	}
	return derived
}
