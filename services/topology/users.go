package topology

import (
	"regexp"
	"slices"
	"strings"

	"traceria/services/event"
)

// Operator is the user for administration. It has all rights.
const Operator = "operator"

// nothing matches no name. RabbitMQ checks the default exchange under the name amq.default, which is not empty either.
const nothing = "^$"

// Users are the services that publish or subscribe. Each has a user of the same name.
func (t Topology) Users() []string {
	var names []string
	add := func(name string) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, typ := range event.Catalogue {
		add(typ.Domain)
	}
	for _, s := range t.Subscriptions {
		add(s.Subscriber)
	}
	return names
}

// permission are the rights of a service (https://www.rabbitmq.com/docs/access-control): it may publish to the exchanges of
// its own events, retries and dead letters, and read its queues and its dead letters.
//
// It may not configure anything. A client that declares a queue chooses its dead-letter exchange and key, and a client that
// declares an exchange chooses its alternate exchange: RabbitMQ publishes there without a check of the topic permission. It
// may not read an exchange either: binding one exchange to another needs read on the first and write on the second, and
// then passes on every key. [Operator] declares the topology.
func (t Topology) permission(service string) permission {
	var write, read []string
	for _, typ := range event.Catalogue {
		if typ.Domain == service && !slices.Contains(write, typ.Exchange) {
			write = append(write, typ.Exchange)
		}
	}
	for _, s := range t.Subscriptions {
		if s.Subscriber != service {
			continue
		}
		if len(read) == 0 {
			write = append(write, s.RetryExchange(), s.DeadExchange())
		}
		read = append(read, s.Queue(), s.DeadQueue())
	}
	return permission{User: service, VHost: root, Configure: nothing, Write: anyOf(write), Read: anyOf(read)}
}

// topicPermissions restrict a service to routing keys that begin with its name. Without them, the right to write to the
// exchange includes every key (https://www.rabbitmq.com/docs/access-control#topic-authorisation).
func (t Topology) topicPermissions(service string) []topicPermission {
	var all []topicPermission
	for _, x := range EventExchanges() {
		if slices.ContainsFunc(event.Catalogue, func(typ event.Type) bool { return typ.Domain == service && typ.Exchange == x.Name }) {
			all = append(all, topicPermission{
				User: service, VHost: root, Exchange: x.Name, Write: "^" + regexp.QuoteMeta(service+"."), Read: nothing,
			})
		}
	}
	return all
}

// anyOf is a pattern that matches exactly these names.
func anyOf(names []string) string {
	if len(names) == 0 {
		return nothing
	}
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = regexp.QuoteMeta(name)
	}
	return "^(" + strings.Join(quoted, "|") + ")$"
}
