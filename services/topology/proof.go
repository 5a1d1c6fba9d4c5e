package topology

import "slices"

// ProofKey is the routing key by which a producer learns, with its own right to publish, whether the queue of the
// subscription stands: order.stands.kitchen.order-confirmed. Since RabbitMQ 4.2.6 a service may not look at the queues of
// others.
//
// It is bound to the full queue while the subscription stands. A nack proves that; an ack says that it is missing, or that
// only a queue from outside, which is bound to every key, took the message.
func (s Subscription) ProofKey() string { return s.Event.Domain + ".stands." + s.Queue() }

// proof is the binding of the proof key.
func (s Subscription) proof() Binding { return Binding{s.Event.Exchange, s.ProofKey(), fullQueue} }

// addProofs adds, last of all, the bindings that say that the rest stands.
func (t Topology) addProofs(l *Layout) {
	for _, s := range t.Subscriptions {
		l.Bindings = append(l.Bindings, s.proof())
	}
}

// Disproved returns the proofs that exist and no longer hold when these exchanges, queues and bindings are missing.
func (t Topology) Disproved(missing []string) []Binding {
	isMissing := func(part string) bool { return slices.Contains(missing, part) }
	if isMissing(Queue{Name: fullQueue}.String()) {
		return nil
	}
	var proofs []Binding
	for _, s := range t.Subscriptions {
		if gone := isMissing(Exchange{Name: s.Event.Exchange}.String()); !gone && slices.ContainsFunc(s.home(), isMissing) {
			proofs = append(proofs, s.proof())
		}
	}
	return proofs
}

// home names what an event needs on its way into the subscription's queue.
func (s Subscription) home() []string {
	parts := []string{Queue{Name: s.Queue()}.String()}
	for _, t := range s.Bound() {
		parts = append(parts, Binding{t.Exchange, t.RoutingKey(), s.entrance()}.String())
	}
	return parts
}
