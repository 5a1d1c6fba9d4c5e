package topology

import (
	"regexp"
	"slices"
	"strings"

	"traceria/services/event"
)

// Operator is the user for administration. It has all rights.
const Operator = "operator"

// Console is the user of the console. It counts messages and returns dead letters to their subscriptions. The rights of the
// web page's server are those of this user: they are as few as possible.
const Console = "console"

// monitor is the tag of a user who may read the management API, within its own permissions
// (https://www.rabbitmq.com/docs/management#permissions).
const monitor = "management"

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

// Logins are all users with a password of their own: the services, the [Operator] and the [Console].
func (t Topology) Logins() []string { return append(t.Users(), Operator, Console) }

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

// consolePermission are the rights of [Console]: it may read the dead queues, and publish to the retry exchanges, which lead
// back to the subscriptions.
//
// It may also "write" to the queues that it counts. Since RabbitMQ 4.2.6 a user may look at a queue only with some right on it.
// The right to write to a queue allows nothing else: a binding also needs the right to read the exchange, and a publication
// is checked against its exchange. The right to read would include taking and deleting the messages.
//
// RabbitMQ 4.3 refuses long patterns (pattern_too_long), so these share what the names have in common.
func (t Topology) consolePermission() permission {
	var subscribers []string
	queues := map[string][]string{} // by subscriber, quoted and without its name
	for _, s := range t.Subscriptions {
		if queues[s.Subscriber] == nil {
			subscribers = append(subscribers, s.Subscriber)
		}
		queues[s.Subscriber] = append(queues[s.Subscriber], regexp.QuoteMeta(s.Event.Kebab()))
	}
	if len(subscribers) == 0 {
		return permission{User: Console, VHost: root, Configure: nothing, Write: nothing, Read: nothing}
	}
	var write, read []string
	for _, name := range subscribers {
		its, events := regexp.QuoteMeta(name+"."), strings.Join(queues[name], "|")
		write = append(write, its+"(retry|("+events+`)(\.retry\.[0-9a-z.]+)?)`)
		read = append(read, its+"("+events+`)\.dead`)
	}
	return permission{
		User: Console, VHost: root, Configure: nothing,
		Write: "^(" + strings.Join(write, "|") + ")$", Read: "^(" + strings.Join(read, "|") + ")$",
	}
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
