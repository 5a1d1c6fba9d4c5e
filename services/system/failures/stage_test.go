package failures

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rabbitmq/amqp091-go"

	"traceria/services/failure"
	"traceria/services/order/orderclient"
	"traceria/services/system/systemtest"
	"traceria/telemetry/tracetree"
)

// stage is the whole system as `make up` runs it: each service is a process with a supervisor, beside the process that
// keeps the topology, and all follow one flag file. The tests of the failures share it.
type stage struct {
	*systemtest.Pizzeria
	flags     failure.File
	jaegerURL string
}

func newStage(t *testing.T) *stage {
	t.Helper()
	w := systemtest.StartWorld(t)
	b := &stage{}
	b.Pizzeria = w.Open(t, func(t *testing.T, p *systemtest.Pizzeria) {
		t.Helper()
		for _, variable := range p.Env {
			if value, found := strings.CutPrefix(variable, "JAEGER_URL="); found {
				b.jaegerURL = value
			}
		}
		b.flags = failure.File{Path: filepath.Join(p.Data, "flags.json")}
		p.WatchTopology(t)
		// Long enough that what another service does meanwhile is over: the trees depend on nobody's luck.
		p.More["kitchen"] = []string{"KITCHEN_COOKING_TIME=250ms"}
		p.More["delivery"] = []string{"DELIVERY_DRIVING_TIME=50ms"}
	})
	return b
}

// run runs one test, and leaves nothing switched on and nothing in the queues behind.
func (b *stage) run(t *testing.T, test func(*testing.T, *stage)) {
	t.Helper()
	t.Cleanup(func() {
		all, err := b.flags.List()
		if err != nil {
			t.Error(err)
		}
		if slices.ContainsFunc(all, func(s failure.Status) bool { return s.Active != nil }) {
			b.clear(t)
		}
		if t.Failed() {
			t.Log(b.LastWords())
		}
		b.Sweep(t)
	})
	test(t, b)
}

// acts is how long a change of a switch may take until every service acts on it.
const acts = time.Second

// set switches a key on for everyone, or as the setting says, and returns when it acts.
func (b *stage) set(t *testing.T, key failure.Key, s failure.Setting) {
	t.Helper()
	if _, err := b.flags.Set(key, s); err != nil {
		t.Fatal(err)
	}
	time.Sleep(acts)
}

// clear switches everything off, and returns when that acts.
func (b *stage) clear(t *testing.T) {
	t.Helper()
	if err := b.flags.Clear(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(acts)
}

// order places an order; chosen, if any, is its X-Traceria-Failure.
func (b *stage) order(t *testing.T, chosen string) orderclient.Order {
	t.Helper()
	return b.orderOf(t, "customer-1", chosen)
}

// orderOf is order, for a customer.
func (b *stage) orderOf(t *testing.T, customer, chosen string) orderclient.Order {
	t.Helper()
	header := http.Header{}
	if chosen != "" {
		header.Set(failure.Header, chosen)
	}
	answer, err := b.Client().Do(t.Context(), http.MethodPost, "/order", header, orderclient.OneMargherita(customer))
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// becomes waits until the order has the status.
func (b *stage) becomes(t *testing.T, order orderclient.Order, status string) {
	t.Helper()
	var last orderclient.Order
	b.Await(t, 60*time.Second, "order "+order.OrderID+" is "+status, func() bool {
		now, err := b.Client().Do(orderclient.Unrecorded(t.Context()), http.MethodGet, "/order/"+order.OrderID, nil, nil)
		if err == nil {
			last = now
		}
		return last.Status == status
	})
}

// stays says that the order has the status, and has it still after a while.
func (b *stage) stays(t *testing.T, order orderclient.Order, status string) {
	t.Helper()
	b.becomes(t, order, status)
	time.Sleep(acts)
	b.becomes(t, order, status)
}

// conversation is trace, of all the traces that the order is told in.
func (b *stage) conversation(t *testing.T, orderID string, wanted func(tree *tracetree.Tree) string) *tracetree.Tree {
	t.Helper()
	return awaitTree(t, "the conversation "+orderID, wanted, func() ([]tracetree.Span, error) {
		return b.Jaeger.Conversation(t.Context(), orderID)
	})
}

// conversationAtRest is the whole conversation when nothing is added to it any more.
func (b *stage) conversationAtRest(t *testing.T, orderID string) *tracetree.Tree {
	t.Helper()
	spans, err := tracetree.ReadAtRest(t.Context(), func(ctx context.Context) ([]tracetree.Span, error) {
		return b.Jaeger.Conversation(ctx, orderID)
	}, 30*time.Second)
	if err != nil {
		t.Fatalf("read the conversation %s: %v", orderID, err)
	}
	return tracetree.Build(spans)
}

// trace reads the trace until it is as wanted, and fails with what is missing when it is not within 20 s. wanted returns
// "" when all is there.
func (b *stage) trace(t *testing.T, traceID string, wanted func(tree *tracetree.Tree) string) *tracetree.Tree {
	t.Helper()
	return awaitTree(t, "the trace "+traceID, wanted, func() ([]tracetree.Span, error) {
		return b.Jaeger.Trace(t.Context(), traceID)
	})
}

func awaitTree(t *testing.T, what string, wanted func(*tracetree.Tree) string, read func() ([]tracetree.Span, error)) *tracetree.Tree {
	t.Helper()
	var tree *tracetree.Tree
	lack := "it was never read"
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		spans, err := read()
		if err != nil {
			lack = err.Error()
			continue
		}
		tree = tracetree.Build(spans)
		if lack = wanted(tree); lack == "" {
			return tree
		}
	}
	shape := ""
	if tree != nil {
		shape = tracetree.Shape(tree)
	}
	t.Fatalf("%s: %s\n%s", what, lack, shape)
	return nil
}

// spansOf are the spans of a service whose name has the part in it, in the order of their start.
func spansOf(tree *tracetree.Tree, service, part string) []tracetree.Span {
	var found []tracetree.Span
	for _, span := range tree.Spans() {
		if span.Service == service && strings.Contains(span.Name, part) {
			found = append(found, span)
		}
	}
	slices.SortFunc(found, func(a, b tracetree.Span) int { return a.Start.Compare(b.Start) })
	return found
}

// children are the spans right below a span whose name has the part in it.
func children(tree *tracetree.Tree, parent tracetree.Span, part string) []tracetree.Span {
	var found []tracetree.Span
	for _, span := range tree.Spans() {
		if span.TraceID == parent.TraceID && span.ParentID == parent.SpanID && strings.Contains(span.Name, part) {
			found = append(found, span)
		}
	}
	return found
}

// injected says what a span lacks of the marks of an injected failure: "" when it has them.
func injected(span tracetree.Span, key failure.Key) string {
	if got := span.Attributes[string(failure.FailureKey)]; got != string(key) {
		return fmt.Sprintf("%s has %s=%v, want %s", span.Name, failure.FailureKey, got, key)
	}
	if got := span.Attributes[string(failure.InjectedKey)]; got != true {
		return fmt.Sprintf("%s has %s=%v, want true", span.Name, failure.InjectedKey, got)
	}
	return ""
}

// evaluated says what a span lacks of the marks of the flag that it asked: "" when it has them.
func evaluated(span tracetree.Span, key failure.Key, variant string) string {
	if got := span.Attributes["feature_flag.key"]; got != string(key) {
		return fmt.Sprintf("%s has feature_flag.key=%v, want %s", span.Name, got, key)
	}
	if got := span.Attributes["feature_flag.result.variant"]; got != variant {
		return fmt.Sprintf("%s has feature_flag.result.variant=%v, want %s", span.Name, got, variant)
	}
	return ""
}

// first is the first of the texts that is not empty.
func first(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

// searched are the spans of the service that Jaeger finds by the failure's tag, as its page would.
func (b *stage) searched(t *testing.T, service string, key failure.Key) []tracetree.Span {
	t.Helper()
	now := time.Now()
	found, err := b.Jaeger.Search(t.Context(), service, map[string]string{string(failure.FailureKey): string(key)}, 100,
		now.Add(-time.Hour), now.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// dead is how many dead letters the subscription has.
func (b *stage) dead(t *testing.T, subscription string) (n int) {
	t.Helper()
	b.WithChannel(t, func(ch *amqp091.Channel) {
		q, err := ch.QueueDeclarePassive(subscription+".dead", true, false, false, false, nil)
		if err != nil {
			t.Fatal(err)
		}
		n = q.Messages
	})
	return n
}

// redrive is `traceria dead redrive`.
func (b *stage) redrive(t *testing.T, subscription string) {
	t.Helper()
	if out, err := b.TraceriaWith(append(b.Environment(t, "order"), b.As(t, "operator")...), "dead", "redrive", subscription); err != nil {
		t.Fatalf("redrive %s: %v\n%s", subscription, err, out)
	}
}

// dies allows a service to end by itself once, and returns a function that waits until it has and is back.
func (b *stage) dies(t *testing.T, service string) (back func()) {
	t.Helper()
	s := b.Services[service]
	before := s.ExpectDeath()
	return func() {
		b.Await(t, 20*time.Second, service+" has died", func() bool { return s.DeathCount() > before })
		b.Await(t, 30*time.Second, "the services are back", b.Ready)
	}
}

// some says that there are not as many spans as wanted: "" when there are.
func some(what string, spans []tracetree.Span, wanted int) string {
	if len(spans) != wanted {
		return fmt.Sprintf("%d spans %s, want %d", len(spans), what, wanted)
	}
	return ""
}

// clean says which span of the tree was injected into or failed: "" when none was.
func clean(tree *tracetree.Tree) string {
	for _, span := range tree.Spans() {
		if span.Attributes[string(failure.InjectedKey)] != nil || span.Status == tracetree.StatusError {
			return fmt.Sprintf("%s of %s: status %s, %v", span.Name, span.Service, span.Status, span.Attributes)
		}
	}
	return ""
}

// cleanOrder places an order for which nothing is switched on, and says that its trace is whole and clean.
func (b *stage) cleanOrder(t *testing.T) orderclient.Order {
	t.Helper()
	order := b.order(t, "")
	b.becomes(t, order, "delivered")
	b.trace(t, order.TraceID, func(tree *tracetree.Tree) string {
		return first(some(lastEvent, lastOf(tree), 1), clean(tree))
	})
	return order
}

// instances are the service.instance.id of the first and the last span of a trace whose name has the part in it.
func (b *stage) instances(t *testing.T, traceID, part string) (earliest, latest string) {
	t.Helper()
	status, body := b.Answer(b.jaegerURL + "/api/traces/" + traceID)
	if status != http.StatusOK {
		t.Fatalf("Jaeger answers %d: %.200s", status, body)
	}
	var answer struct {
		Data []struct {
			Spans []struct {
				OperationName, ProcessID string
				StartTime                int64
			}
			Processes map[string]struct {
				Tags []struct {
					Key   string
					Value any
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil || len(answer.Data) == 0 {
		t.Fatalf("%v in %.200s", err, body)
	}
	spans := answer.Data[0].Spans
	slices.SortFunc(spans, func(a, b struct {
		OperationName, ProcessID string
		StartTime                int64
	},
	) int {
		return int(a.StartTime - b.StartTime)
	})
	for _, span := range spans {
		if !strings.Contains(span.OperationName, part) {
			continue
		}
		for _, tag := range answer.Data[0].Processes[span.ProcessID].Tags {
			if tag.Key == "service.instance.id" {
				latest = fmt.Sprint(tag.Value)
			}
		}
		if earliest == "" {
			earliest = latest
		}
	}
	return earliest, latest
}

// waited is how many milliseconds the message of a process span was in its queue.
func waited(span tracetree.Span) float64 {
	switch ms := span.Attributes["traceria.queue.wait_ms"].(type) {
	case int64:
		return float64(ms)
	case float64:
		return ms
	}
	return -1
}
