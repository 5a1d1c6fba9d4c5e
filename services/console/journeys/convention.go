package journeys

import (
	"cmp"
	"strconv"
	"strings"

	"traceria/services/failure"
	"traceria/telemetry"
	"traceria/telemetry/tracetree"
)

// The attributes of Traceria that make a row.
const (
	settledKey   = "traceria.message.settled"
	redriveKey   = "traceria.message.redrive"
	failureKey   = string(failure.FailureKey)
	injectedKey  = string(failure.InjectedKey)
	numberKey    = string(telemetry.OrderNumberKey)
	errorTypeKey = "error.type"
)

// customerKeys name the customer, the first one that a span has.
var customerKeys = []string{string(telemetry.CustomerKey), "enduser.pseudo.id", "enduser.id", "user.id"}

// injectPrefix begins the attributes of single failures.
var injectPrefix = string(failure.InjectedAs(""))

// Failures returns the keys of the failures that a span is marked with. [failure.FailureKey] names the last one, and
// [failure.InjectedAs] each, so a key may be there twice.
func Failures(span *tracetree.Span) []string {
	keys := strings.FieldsFunc(first(span, failureKey), func(r rune) bool { return r == ',' || r == ' ' })
	if span.Attributes[injectedKey] != true {
		return keys
	}
	for name, value := range span.Attributes {
		if key, found := strings.CutPrefix(name, injectPrefix); found && value == true {
			keys = append(keys, key)
		}
	}
	return keys
}

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
