package pizzeria

import (
	"encoding/json"
	"fmt"
	"slices"
	"unicode/utf8"

	"traceria/services/broker"
	"traceria/services/broker/wire"
	"traceria/services/console"
	"traceria/services/topology"
)

// FindSubscription finds a subscription by the name of its queue or of its dead queue. all are the names of the queues.
func FindSubscription(t topology.Topology, name string) (s topology.Subscription, all []string, found bool) {
	for _, one := range t.Subscriptions {
		all = append(all, one.Queue())
	}
	i := slices.IndexFunc(t.Subscriptions, func(s topology.Subscription) bool { return name == s.Queue() || name == s.DeadQueue() })
	if i < 0 {
		return s, all, false
	}
	return t.Subscriptions[i], all, true
}

// WithBodies returns the letters with their bodies: JSON as it is, text, or base64.
func WithBodies(letters []broker.Letter) []console.Letter {
	all := make([]console.Letter, len(letters))
	for i, letter := range letters {
		all[i] = console.Letter{Letter: letter, Body: string(letter.Body), BodyEncoding: "text"}
		switch {
		case !utf8.Valid(letter.Body):
			all[i].Body, all[i].BodyEncoding = letter.Body, "base64"
		case json.Valid(letter.Body):
			all[i].Body, all[i].BodyEncoding = json.RawMessage(letter.Body), ""
		}
	}
	return all
}

// ExplainMissing says how to get the dead queue if err says that it is missing.
func ExplainMissing(s topology.Subscription, err error) error {
	if wire.IsMissing(err) {
		return fmt.Errorf("RabbitMQ has no queue %s: run `traceria topology apply`", s.DeadQueue())
	}
	return err
}
