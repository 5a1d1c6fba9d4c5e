package topology

import (
	"slices"

	"traceria/services/event"
)

// Lost returns the routing keys of the events that are lost, by producer, when these exchanges, queues and bindings were
// deleted (named as their String methods do). A deleted queue loses what it held. A deleted exchange loses what is published
// until all its bindings are back. Bindings of retries and dead letters lose nothing: RabbitMQ then keeps the message.
func (t Topology) Lost(missing []string) map[string][]string {
	lost := map[string][]string{}
	for _, s := range t.Subscriptions {
		names := []string{Queue{Name: s.Queue()}.String(), Queue{Name: s.DeadQueue()}.String()}
		for _, delay := range s.Delays() {
			names = append(names, Queue{Name: s.RetryQueue(delay)}.String())
		}
		isMissing := func(name string) bool { return slices.Contains(missing, name) }
		for _, typ := range s.Bound() {
			binding := Binding{typ.Exchange, typ.RoutingKey(), s.Queue()}
			if isMissing(Exchange{Name: typ.Exchange}.String()) || isMissing(binding.String()) || slices.ContainsFunc(names, isMissing) {
				add(lost, typ)
			}
		}
	}
	return lost
}

// Wanted returns the routing keys of all events that are subscribed to, by producer.
func (t Topology) Wanted() map[string][]string {
	wanted := map[string][]string{}
	for _, s := range t.Subscriptions {
		for _, typ := range s.Bound() {
			add(wanted, typ)
		}
	}
	return wanted
}

func add(to map[string][]string, typ event.Type) {
	if !slices.Contains(to[typ.Domain], typ.RoutingKey()) {
		to[typ.Domain] = append(to[typ.Domain], typ.RoutingKey())
	}
}
