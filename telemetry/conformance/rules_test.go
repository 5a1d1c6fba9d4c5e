package conformance

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"traceria/telemetry/tracetree"
)

func resultOf(verdicts []Verdict, rule string) Verdict {
	i := slices.IndexFunc(verdicts, func(v Verdict) bool { return v.Rule == rule })
	return verdicts[i]
}

func TestAGoodTraceHoldsEveryRule(t *testing.T) {
	t.Parallel()
	verdicts := good().verdicts()
	for _, v := range verdicts {
		if v.Result != OK && v.Rule != "error.type" {
			t.Errorf("%s is %s: %s", v.Rule, v.Result, v.Detail)
		}
	}
	if !Current(verdicts) {
		t.Error("nothing is old")
	}
}

// breakage breaks one thing of a good example. The named rules become wrong, and no other.
type breakage struct {
	name  string
	do    func(e *example)
	wrong string // rules
}

func set(name string, value any) func(e *example) {
	return func(e *example) { e.process().Attributes[name] = value }
}

func unset(names ...string) func(e *example) {
	return func(e *example) {
		for _, name := range names {
			delete(e.process().Attributes, name)
		}
	}
}

func breakages() []breakage {
	const lost = "process-span"
	return []breakage{
		{"no span", func(e *example) { e.spans, e.published = nil, nil }, lost},
		{"a receive span only", func(e *example) {
			e.spans, e.published = e.spans[:1], nil
			e.process().Attributes["messaging.operation.type"], e.process().Kind = "receive", tracetree.KindClient
		}, lost},
		{"no span, and no traceparent in what is published", func(e *example) {
			e.spans, e.published[0].TraceParent = nil, ""
		}, lost + " published-context"},
		{"neither parent nor link", func(e *example) { e.process().ParentID, e.process().Links = "", nil }, "parent-or-link"},
		{"a link to another span", func(e *example) {
			e.process().ParentID, e.process().Links = "", []tracetree.Link{{TraceID: another, SpanID: sendSpan}}
		}, "parent-or-link"},
		{"another trace", func(e *example) {
			for i := range e.spans {
				e.spans[i].TraceID = another
			}
			e.process().ParentID, e.process().Links = "", nil
			e.published[0].TraceParent = "00-" + another + "-5e4d000000000000-01"
		}, "parent-or-link"},
		{"no tracestate", func(e *example) { e.process().TraceState = "" }, "tracestate"},
		{"a tracestate with one member", func(e *example) { e.process().TraceState = "shop=1" }, "tracestate"},
		{"a link with another tracestate", func(e *example) {
			e.process().TraceID, e.process().ParentID, e.process().Links[0].TraceState = another, "", "shop=1"
			e.spans, e.published = e.spans[:1], nil
		}, "tracestate"},
		{"no tracestate in what is published", func(e *example) { e.published[0].TraceState = "" }, "tracestate"},
		{"no baggage", func(e *example) { e.published[0].Baggage = "" }, "baggage"},
		{"other baggage", func(e *example) { e.published[0].Baggage = "customer=c2,table=7" }, "baggage"},
		{"other baggage in an attribute", func(e *example) {
			e.published = nil
			e.process().Attributes["baggage.table"] = "8"
		}, "baggage"},
		{"no conversation", unset("messaging.message.conversation_id"), "conversation"},
		{"another conversation", set("messaging.message.conversation_id", "o-2"), "conversation"},
		{"another old conversation", set("messaging.conversation_id", "o-2"), "conversation"},
		{"kind", func(e *example) { e.process().Kind = tracetree.KindInternal }, "kind"},
		{"kind of a receive span", func(e *example) {
			receive := *e.process()
			receive.SpanID, receive.Kind = "4ece000000000000", tracetree.KindInternal
			receive.Attributes = map[string]any{"messaging.operation.type": "receive"}
			e.spans = append(e.spans, receive)
		}, "kind"},
		{"name", func(e *example) { e.process().Name = "handle message" }, "span-name"},
		{"name of another queue", func(e *example) { e.process().Name = "other process" }, "span-name"},
		{"system", set("messaging.system", "kafka"), "messaging.system"},
		{"no system", unset("messaging.system"), "messaging.system"},
		{"operation type", set("messaging.operation.type", "deliver"), "messaging.operation.type"},
		{"no operation type", unset("messaging.operation.type"), "messaging.operation.type"},
		{"no operation name", unset("messaging.operation.name"), "messaging.operation.name"},
		{"bare exchange", set("messaging.destination.name", "events"), "messaging.destination.name"},
		{"no destination", unset("messaging.destination.name"), "messaging.destination.name"},
		{"another old destination", func(e *example) {
			unset("messaging.destination.name")(e)
			set("messaging.destination", "other")(e)
		}, "messaging.destination.name"},
		{"routing key", set("messaging.rabbitmq.destination.routing_key", "x"), "messaging.rabbitmq.destination.routing_key"},
		{"no routing key", unset("messaging.rabbitmq.destination.routing_key"), "messaging.rabbitmq.destination.routing_key"},
		{"no delivery tag", unset("messaging.rabbitmq.message.delivery_tag"), "messaging.rabbitmq.message.delivery_tag"},
		{"message id", set("messaging.message.id", "e-9"), "messaging.message.id"},
		{"error without a type", func(e *example) { e.process().Status = tracetree.StatusError }, "error.type"},
		{"process span ends early", func(e *example) { e.process().Duration = 10 * time.Millisecond }, "ack-after-work"},
		{"ack comes early", func(e *example) { e.span("ac00000000000000").Start = e.process().Start }, "ack-after-work"},
		{"second attempt ends early", func(e *example) {
			first := *e.process()
			first.SpanID, first.Start = "9a0c000000000001", first.Start.Add(-time.Second)
			e.spans = append(e.spans, first)
			e.process().Duration = 10 * time.Millisecond
		}, "ack-after-work"},
		{"no traceparent in what is published", func(e *example) { e.published[0].TraceParent = "" }, "published-context"},
		{"the incoming traceparent is repeated", func(e *example) {
			e.published[0].TraceParent = "00-" + trace + "-" + sendSpan + "-01"
		}, "published-context"},
		{"a send span elsewhere", func(e *example) {
			e.span("5e4d000000000000").ParentID, e.published = "", nil
		}, "published-context"},
		{"another service sends", func(e *example) { e.span("5e4d000000000000").Service = "other" }, "published-context"},
		{"no send span", func(e *example) {
			e.spans = slices.DeleteFunc(e.spans, isSend)
			e.published[0].TraceParent = "00-" + trace + "-9a0c000000000000-01"
		}, "published-context"},
		{"another conversation in what is published", func(e *example) { e.published[0].Conversation = "" }, "published-conversation"},
		{"another conversation on the send span", func(e *example) {
			e.span("5e4d000000000000").Attributes["messaging.message.conversation_id"], e.published = "o-2", nil
		}, "published-conversation"},
	}
}

func TestEachBreakageMakesItsRuleWrong(t *testing.T) {
	t.Parallel()
	failed := map[string]bool{}
	for _, b := range breakages() {
		broken := good()
		b.do(&broken)
		var wrong []string
		for _, v := range broken.verdicts() {
			if v.Result == Wrong {
				wrong = append(wrong, v.Rule)
				failed[v.Rule] = true
			}
		}
		if got := strings.Join(wrong, " "); got != b.wrong {
			t.Errorf("%s: wrong is %q, want %q\n%s", b.name, got, b.wrong, printed(t, broken.verdicts()))
		}
		if Holds(broken.verdicts()) {
			t.Errorf("%s: the verdicts hold", b.name)
		}
	}
	for _, rule := range Rules() {
		// A server address is recommended, and any will do. A dropped attribute is old, never wrong.
		if !failed[rule] && rule != "server.address" && rule != "dropped-attributes" {
			t.Errorf("no breakage makes %s wrong", rule)
		}
	}
}

// What is unusual, and right.
func TestVariantsThatAreRight(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(e *example){
		"link only": func(e *example) {
			for i := range e.spans {
				e.spans[i].TraceID, e.spans[i].TraceState = another, ""
			}
			e.process().ParentID = ""
			e.published[0].TraceParent, e.published[0].TraceState = "00-"+another+"-5e4d000000000000-01", ""
		},
		"parent only": func(e *example) { e.process().Links = nil },
		"traceria.conversation": func(e *example) {
			unset("messaging.message.conversation_id")(e)
			set("traceria.conversation", "o-1")(e)
		},
		"baggage in attributes": func(e *example) {
			e.published = nil
			e.process().Attributes["customer"], e.process().Attributes["baggage.table"] = "c 1", "7"
		},
		"a receive span in between": func(e *example) {
			receive := *e.process()
			receive.SpanID, receive.Kind, receive.Links = "4ece000000000000", tracetree.KindClient, nil
			receive.Attributes = map[string]any{"messaging.operation.type": "receive"}
			e.process().ParentID, e.process().Links = receive.SpanID, nil
			e.spans = append(e.spans, receive)
		},
		"the ack names the message": func(e *example) {
			ack := e.span("ac00000000000000")
			ack.Links, ack.Attributes["messaging.message.id"] = e.process().Links, e.sent.MessageID
		},
		"it publishes the message again": func(e *example) {
			e.span("5e4d000000000000").Attributes["messaging.message.id"] = e.sent.MessageID
		},
		"another operation name": func(e *example) {
			e.process().Name = "consume events:kitchen.order-boxed.v1:courier.boxed"
			set("messaging.operation.name", "consume")(e)
		},
		"a template": func(e *example) {
			e.process().Name = "process events:{key}"
			set("messaging.destination.template", "events:{key}")(e)
		},
		"a queue that the broker named": func(e *example) {
			e.sent.Queue, e.process().Name = "amq.gen-x", "process events:kitchen.order-boxed.v1"
			set("messaging.destination.name", "events:kitchen.order-boxed.v1:amq.gen-x")(e)
		},
		"a queue that the broker named, by the default exchange": func(e *example) {
			e.sent.Exchange, e.sent.RoutingKey, e.sent.Queue, e.process().Name = "", "amq.gen-x", "amq.gen-x", "process"
			set("messaging.destination.name", "amq.gen-x")(e)
			set("messaging.rabbitmq.destination.routing_key", "amq.gen-x")(e)
		},
		"the default exchange": func(e *example) {
			e.sent.Exchange, e.sent.RoutingKey, e.process().Name = "", "courier.boxed", "process courier.boxed"
			set("messaging.destination.name", "courier.boxed")(e)
			set("messaging.rabbitmq.destination.routing_key", "courier.boxed")(e)
		},
		"clocks of whole milliseconds": func(e *example) { e.span("ac00000000000000").Start = e.process().Start.Add(87 * time.Millisecond) },
		"another service handles it too": func(e *example) {
			copied := *e.process()
			copied.SpanID, copied.Service, copied.Name = "0000000000000009", "order", "process events:kitchen.order-boxed.v1:order.order-boxed"
			e.sent.Consumer, e.spans = "courier", append(e.spans, copied)
		},
	} {
		e := good()
		do(&e)
		for _, v := range e.verdicts() {
			if v.Result != OK && v.Rule != "error.type" {
				t.Errorf("%s: %s is %s: %s", name, v.Rule, v.Result, v.Detail)
			}
		}
	}
}

// What spans do not show is not seen, and the detail says why.
func TestWhatSpansDoNotShowIsNotSeen(t *testing.T) {
	t.Parallel()
	bare := good()
	bare.spans, bare.published = bare.spans[:1], nil
	bare.process().TraceID, bare.process().ParentID, bare.process().Links[0].TraceState = another, "", ""
	unset("messaging.message.id", "server.address")(&bare)
	for _, rule := range []string{
		"tracestate", "baggage", "messaging.message.id", "server.address", "error.type", "ack-after-work", "published-context",
		"published-conversation",
	} {
		if v := resultOf(bare.verdicts(), rule); v.Result != NotSeen || v.Detail == "" {
			t.Errorf("%s is %s: %s", rule, v.Result, v.Detail)
		}
	}
	if !Holds(bare.verdicts()) {
		t.Error("not seen is not wrong")
	}
	set("table", "7")(&bare)
	if v := resultOf(bare.verdicts(), "baggage"); v.Result != NotSeen {
		t.Errorf("one of two members: baggage is %s", v.Result)
	}
}

// A consumer that loses the context and copies no id is found by its routing key.
func TestAConsumerWithoutContextIsFound(t *testing.T) {
	t.Parallel()
	e := good()
	e.spans, e.published = e.spans[:1], nil
	e.process().TraceID, e.process().ParentID, e.process().Links = another, "", nil
	unset("messaging.message.id", "messaging.message.conversation_id")(&e)
	for rule, want := range map[string]Result{"process-span": OK, "parent-or-link": Wrong, "conversation": Wrong, "span-name": OK} {
		if v := resultOf(e.verdicts(), rule); v.Result != want {
			t.Errorf("%s is %s: %s", rule, v.Result, v.Detail)
		}
	}
	for name, value := range map[string]string{"messaging.message.id": "e-9", "messaging.rabbitmq.destination.routing_key": "x"} {
		other := e
		other.spans = slices.Clone(e.spans)
		other.process().Attributes = maps.Clone(e.process().Attributes)
		set(name, value)(&other)
		if v := resultOf(other.verdicts(), "process-span"); v.Result != Wrong {
			t.Errorf("a span of another message (%s) is taken: %s", name, v.Detail)
		}
	}
}

// A link alone is enough to find the process span.
func TestALinkAloneNamesTheMessage(t *testing.T) {
	t.Parallel()
	e := good()
	e.spans, e.published = e.spans[:1], nil
	e.process().TraceID, e.process().ParentID = another, ""
	unset("messaging.message.id", "messaging.rabbitmq.destination.routing_key")(&e)
	for _, rule := range []string{"process-span", "parent-or-link", "tracestate"} {
		if v := resultOf(e.verdicts(), rule); v.Result != OK {
			t.Errorf("%s is %s: %s", rule, v.Result, v.Detail)
		}
	}
}

func TestAWrongAttemptIsNamed(t *testing.T) {
	t.Parallel()
	e := good()
	second := *e.process()
	second.SpanID, second.Start, second.Kind = "9a0c000000000001", second.Start.Add(time.Second), tracetree.KindServer
	e.spans = append(e.spans, second)
	if v := resultOf(e.verdicts(), "kind"); !strings.HasPrefix(v.Detail, `attempt 2 of 2: "process `) {
		t.Errorf("got %s", v.Detail)
	}
	if v := resultOf(e.verdicts(), "process-span"); v.Detail != "2 process spans of courier, one for each attempt" {
		t.Errorf("got %s", v.Detail)
	}
}

func TestTraceParents(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]bool{
		"00-" + trace + "-" + sendSpan + "-01":                  true,
		"cc-" + trace + "-" + sendSpan + "-01-more":             true,
		"ff-" + trace + "-" + sendSpan + "-01":                  false,
		"00-" + strings.ToUpper(trace) + "-" + sendSpan + "-01": false,
		"00-" + trace + "-0000000000000000-01":                  false,
		"00-" + trace + "-" + sendSpan:                          false,
	} {
		if _, _, ok := parseTraceParent(header); ok != want {
			t.Errorf("%s: %t", header, ok)
		}
	}
}

func TestOldReceiveSpansHaveTheKindConsumer(t *testing.T) {
	t.Parallel()
	e := good()
	receive := *e.process()
	receive.SpanID, receive.Attributes = "4ece000000000000", map[string]any{"messaging.operation": "receive"}
	e.spans = append(e.spans, receive)
	if v := resultOf(e.verdicts(), "kind"); v.Result != Old {
		t.Errorf("kind is %s: %s", v.Result, v.Detail)
	}
}

func TestMergeNamesTheMessageThatIsWrong(t *testing.T) {
	t.Parallel()
	broken := good()
	set("messaging.system", "kafka")(&broken)
	old := good()
	set("messaging.destination_kind", "topic")(&old)
	merged := Merge(good().verdicts(), old.verdicts(), broken.verdicts())
	if len(merged) != len(Rules()) {
		t.Fatalf("%d verdicts for %d rules", len(merged), len(Rules()))
	}
	if v := resultOf(merged, "messaging.system"); v.Result != Wrong || v.Detail != `message 3 of 3: "kafka", want "rabbitmq"` {
		t.Errorf("got %+v", v)
	}
	if v := resultOf(merged, "dropped-attributes"); v.Result != Old {
		t.Errorf("got %+v", v)
	}
	if Holds(merged) || !Holds(Merge(old.verdicts())) {
		t.Error("old conventions hold, and what is wrong does not")
	}
}
