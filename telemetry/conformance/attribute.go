package conformance

import (
	"slices"
	"strings"

	"traceria/telemetry/tracetree"
)

// attributeRule is the rule on one attribute of the process span.
type attributeRule struct {
	name, source string
	// old are the names before 1.17.
	old []string
	// want returns the values that are right. No value means that any will do. An empty value means that the message has none.
	want func(s Sent) []string
	// wantOld is like want for the old names, and want if it is nil.
	wantOld func(s Sent) []string
	// recommended attributes may be missing.
	recommended bool
}

func only(values ...string) func(Sent) []string { return func(Sent) []string { return values } }

var (
	operationName = attributeRule{
		name: "messaging.operation.name", source: spanConventions, old: []string{"messaging.operation"}, want: only(),
	}
	operationType = attributeRule{
		name: "messaging.operation.type", source: spanConventions, old: []string{"messaging.operation"}, want: only("process"),
	}
	destinationName = attributeRule{
		name: "messaging.destination.name", source: rabbitmqConventions, old: []string{"messaging.destination"},
		want:    func(s Sent) []string { return []string{s.destination()} },
		wantOld: func(s Sent) []string { return []string{s.Exchange, s.Queue} },
	}
	routingKey = attributeRule{
		name: "messaging.rabbitmq.destination.routing_key", source: rabbitmqConventions, old: []string{"messaging.rabbitmq.routing_key"},
		want: func(s Sent) []string { return []string{s.RoutingKey} },
	}
	messageID = attributeRule{
		name: "messaging.message.id", source: spanConventions, old: []string{"messaging.message_id"},
		want: func(s Sent) []string { return []string{s.MessageID} }, recommended: true,
	}
)

func attributes() []attributeRule {
	return []attributeRule{
		{name: "messaging.system", source: spanConventions, want: only("rabbitmq")},
		operationType, operationName, destinationName, routingKey,
		{name: "messaging.rabbitmq.message.delivery_tag", source: rabbitmqConventions, want: only()},
		messageID,
		{
			name: "server.address", source: rabbitmqConventions, old: []string{"net.peer.name", "messaging.url"},
			want: only(), recommended: true,
		},
	}
}

func (a attributeRule) check(h *hop, s tracetree.Span) finding {
	want := a.want(h.sent)
	if len(want) == 1 && want[0] == "" {
		return found(NotSeen, "the message has none")
	}
	if value, _ := text(s, a.name); value != "" {
		if len(want) > 0 && !slices.Contains(want, value) {
			return found(Wrong, "%q, want %s", value, anyOf(want))
		}
		return found(OK, "%s", value)
	}
	value, name := text(s, a.name, a.old...)
	switch {
	case value != "":
		return a.checkOld(h, name, value)
	case a.recommended:
		return found(NotSeen, "missing; recommended")
	case isOld(s):
		return found(Old, "missing; it did not exist then")
	default:
		return found(Wrong, "missing, want %s", anyOf(want))
	}
}

func (a attributeRule) checkOld(h *hop, name, value string) finding {
	want := a.want
	if a.wantOld != nil {
		want = a.wantOld
	}
	if values := want(h.sent); len(values) > 0 && !slices.Contains(values, value) {
		return found(Wrong, "%s is %q, want %s in %s", name, value, anyOf(a.want(h.sent)), a.name)
	}
	if today := a.want(h.sent); len(today) > 0 && !slices.Contains(today, value) {
		return found(Old, "%s=%s; today %s=%s", name, value, a.name, strings.Join(today, " or "))
	}
	return found(Old, "%s=%s; today %s", name, value, a.name)
}

func anyOf(values []string) string {
	if len(values) == 0 {
		return "a value"
	}
	return `"` + strings.Join(values, `" or "`) + `"`
}

// dropped are attributes that the conventions have no longer, and the ones that replace them.
var dropped = []struct{ name, today string }{
	{"messaging.destination_kind", "nothing"},
	{"messaging.temp_destination", "messaging.destination.temporary"},
	{"messaging.protocol", "network.protocol.name"},
	{"messaging.protocol_version", "network.protocol.version"},
	{"messaging.url", "server.address and server.port"},
	{"messaging.consumer_id", "messaging.client.id"},
	{"messaging.message_payload_size_bytes", "messaging.message.body.size"},
}

func droppedAttributes(_ *hop, s tracetree.Span) finding {
	var names []string
	for _, a := range dropped {
		if _, has := text(s, a.name); has != "" {
			names = append(names, a.name+" (today "+a.today+")")
		}
	}
	if len(names) > 0 {
		return found(Old, "%s", strings.Join(names, ", "))
	}
	return found(OK, "none")
}

// isOld reports whether the span follows the conventions before 1.17: it has an attribute of then, and none of its successors.
func isOld(s tracetree.Span) bool {
	for _, a := range []attributeRule{destinationName, operationType, routingKey, messageID} {
		if _, has := text(s, a.name); has != "" {
			return false
		}
	}
	for _, a := range []attributeRule{destinationName, operationType, routingKey, messageID} {
		if _, has := text(s, a.name, a.old...); has != "" {
			return true
		}
	}
	return false
}

func errorType(h *hop) finding {
	result := found(NotSeen, "no attempt failed")
	for _, s := range h.process {
		if s.Status != tracetree.StatusError {
			continue
		}
		f := found(Wrong, "%s failed without error.type", describe(s))
		if value, _ := text(s, "error.type"); value != "" {
			f = found(OK, "%s", value)
		} else if isOld(s) {
			f = found(Old, "a failed attempt has none; it did not exist then")
		}
		if f.result.weight() > result.result.weight() {
			result = f
		}
	}
	return result
}
