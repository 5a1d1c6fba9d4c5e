package topology

import (
	"regexp"
	"slices"
	"strings"

	"traceria/services/event"
)

// Operator is the user of those who look after the broker: an administrator who may do everything.
const Operator = "operator"

// nothing matches no name at all: even that of the default exchange, which RabbitMQ checks as amq.default, is not empty.
const nothing = "^$"

// Users are the services that publish or subscribe. Each is a user of the broker, of the same name.
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

// permission is what the named service may do, and no more (https://www.rabbitmq.com/docs/access-control): publish to
// the exchanges of its own events, of its retries and of its dead letters, and read its queues and their dead letters.
//
// It may configure nothing. Whoever declares a queue chooses its dead-letter exchange and key, and whoever declares an
// exchange its alternate exchange: RabbitMQ publishes there without asking for the topic permission. For the same reason
// no exchange may be read: to bind one exchange to another takes read on the one and write on the other, after which
// every key gets through. What has to be declared is declared by [Operator].
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

// topicPermissions let the named service publish only routing keys that begin with its name
// (https://www.rabbitmq.com/docs/access-control#topic-authorisation): without one, write on the exchange is write with
// every key.
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

// anyOf is a pattern that matches these names.
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
