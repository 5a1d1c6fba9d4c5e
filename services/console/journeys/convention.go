package journeys

import (
	"cmp"
	"strconv"

	"traceria/telemetry/tracetree"
)

// The attributes of Traceria that make a row.
const (
	settledKey   = "traceria.message.settled"
	redriveKey   = "traceria.message.redrive"
	failureKey   = "traceria.failure"
	injectedKey  = "traceria.injected"
	injectPrefix = "traceria.inject."
	numberKey    = "traceria.order.number"
	errorTypeKey = "error.type"
)

// customerKeys name the customer, the first one that a span has.
var customerKeys = []string{"traceria.customer", "enduser.pseudo.id", "enduser.id", "user.id"}

// first returns the first of the attributes that is a text or an integer.
func first(s *tracetree.Span, keys ...string) string {
	for _, key := range keys {
		switch v := s.Attributes[key].(type) {
		case string:
			if v != "" {
				return v
			}
		case int64:
			return strconv.FormatInt(v, 10)
		}
	}
	return ""
}

func failed(s *tracetree.Span) bool {
	return s.Status == tracetree.StatusError || first(s, errorTypeKey) != ""
}

// destination is where a message was sent: RabbitMQ's exchange and routing key, or the topic of other systems.
type destination struct{ exchange, key string }

func destinationOf(m tracetree.Messaging) destination {
	return destination{shortened(cmp.Or(m.Exchange, m.Topic)), shortened(m.RoutingKey)}
}
