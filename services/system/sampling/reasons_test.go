package sampling

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"traceria/services/system/systemtest"
	"traceria/telemetry/tracetree"
)

// attribute is an attribute in OTLP JSON.
func attribute(key, kind string, value any) string {
	return fmt.Sprintf(`{"key": %q, "value": {%q: %s}}`, key, kind, fmt.Sprint(value))
}

func text(key, value string) string { return attribute(key, "stringValue", fmt.Sprintf("%q", value)) }

// reason is a conversation of three spans. One span has the reason to keep it, if there is one.
type reason struct {
	name      string
	attribute string
	status    int           // 2 is an error
	took      time.Duration // 0: a millisecond
	lost      bool
}

func everyReason() []reason {
	return []reason{
		{name: "error", status: 2},
		{name: "injected-failure", attribute: attribute("traceria.injected", "boolValue", true)},
		{name: "second-attempt", attribute: attribute("traceria.delivery.attempt", "intValue", 2)},
		{name: "retry", attribute: text("traceria.message.settled", "retry")},
		{name: "dead-letter", attribute: text("traceria.message.settled", "dead")},
		{name: "long-wait", attribute: attribute("traceria.queue.wait_ms", "intValue", 1000)},
		{name: "long-wait-in-a-fraction", attribute: attribute("traceria.queue.wait_ms", "doubleValue", 1000.5)},
		{name: "long-work", took: time.Second},
		{name: "nothing", lost: true},
		{name: "first-attempt", attribute: attribute("traceria.delivery.attempt", "intValue", 1), lost: true},
		{name: "ack", attribute: text("traceria.message.settled", "ack"), lost: true},
		{name: "short-wait", attribute: attribute("traceria.queue.wait_ms", "intValue", 999), lost: true},
		{name: "short-work", took: 999 * time.Millisecond, lost: true},
	}
}

// sender sends single spans. Each is a trace of its own, as in link mode.
type sender struct {
	t    *testing.T
	to   collector
	sent map[string]string // the conversation of each trace
}

// send sends one span of a conversation, or one without a conversation.
func (s *sender) send(conversation string, r reason) {
	s.t.Helper()
	named := r.attribute
	if conversation != "" {
		named = text("traceria.conversation", conversation)
		if r.attribute != "" {
			named += ", " + r.attribute
		}
	}
	begin, id := time.Now(), fmt.Sprintf("%032x", len(s.sent)+1)
	s.sent[id] = conversation
	if r.took == 0 {
		r.took = time.Millisecond
	}
	response, err := http.Post("http://"+s.to.http+"/v1/traces", "application/json", strings.NewReader(fmt.Sprintf(`{"resourceSpans": [{
		"resource": {"attributes": [%s]},
		"scopeSpans": [{"spans": [{"traceId": %q, "spanId": "00000000000000aa", "name": "span", "kind": 2,
			"startTimeUnixNano": "%d", "endTimeUnixNano": "%d", "status": {"code": %d}, "attributes": [%s]}]}]}]}`,
		text("service.name", "sender"), id, begin.UnixNano(), begin.Add(r.took).UnixNano(), r.status, named)))
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		s.t.Fatalf("send a span: %s", response.Status)
	}
}

// sendAll sends three spans of each conversation. Other conversations lie between them, and the reason comes last.
func (s *sender) sendAll(reasons []reason) {
	for part := range 3 {
		for _, r := range reasons {
			if part < 2 {
				s.send(r.name, reason{})
			} else {
				s.send(r.name, r)
			}
		}
	}
}

// has returns how many spans of each conversation the Jaeger has, under their own trace ids.
func (s *sender) has(from *tracetree.Jaeger) map[string]int {
	s.t.Helper()
	found := map[string]int{}
	for _, spans := range read(s.t, from, time.Now().Add(-time.Hour)) {
		for _, span := range spans {
			conversation, known := s.sent[span.TraceID]
			if !known || span.Attributes["sampling.trace_id"] != nil {
				s.t.Errorf("the span of %q has the trace id %s and %v", tracetree.Conversation(span), span.TraceID, span.Attributes)
			}
			found[conversation]++
		}
	}
	return found
}

func sampled(t *testing.T, env ...string) (*sender, *tracetree.Jaeger) {
	t.Helper()
	s := &systemtest.System{Env: append(os.Environ(), "COLLECTOR_SHARE_PERCENT=0")}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	from, to := jaeger(t, s)
	return &sender{t: t, to: start(t, s, byConversation, append(env, to)...), sent: map[string]string{}}, from
}

// Each reason alone keeps its conversation, whole. Nothing else is kept. What comes later follows the decision.
func TestEachReasonKeepsItsConversation(t *testing.T) {
	t.Parallel()
	s, from := sampled(t, "COLLECTOR_DECISION_WAIT=2s")
	want := map[string]int{}
	for _, r := range everyReason() {
		if !r.lost {
			want[r.name] = 3
		}
	}
	s.sendAll(everyReason())
	s.send("", reason{status: 2}) // of no conversation: sampled as a trace
	s.send("", reason{})
	want[""] = 1
	s.eventually(from, want)

	for name := range want {
		s.send(name, reason{})
		if name != "" {
			want[name]++
		}
	}
	s.send("nothing", reason{status: 2})
	s.send("the-last", reason{status: 2})
	want["the-last"] = 1
	s.eventually(from, want)
}

func (s *sender) eventually(from *tracetree.Jaeger, want map[string]int) {
	s.t.Helper()
	var got map[string]int
	defer func() {
		if s.t.Failed() {
			s.t.Logf("want %v, got %v", want, got)
		}
	}()
	systemtest.Eventually(s.t, 30*time.Second, "Jaeger has what was to keep", func() bool {
		got = s.has(from)
		return maps.Equal(got, want)
	})
}

// A Collector that stops decides about everything that it has.
func TestAStoppingCollectorDecides(t *testing.T) {
	t.Parallel()
	s, from := sampled(t, "COLLECTOR_DECISION_WAIT=1h")
	s.sendAll(everyReason())
	if found := s.has(from); len(found) > 0 {
		t.Fatalf("before the decision Jaeger has %v", found)
	}
	if err := s.to.process.End(); err != nil {
		t.Fatal(err)
	}
	want := map[string]int{}
	for _, r := range everyReason() {
		if !r.lost {
			want[r.name] = 3
		}
	}
	s.eventually(from, want)
}

// The share is a share of conversations, not of traces.
func TestTheShareIsOfConversations(t *testing.T) {
	t.Parallel()
	s, from := sampled(t, "COLLECTOR_DECISION_WAIT=2s", "COLLECTOR_SHARE_PERCENT=50")
	for range 3 {
		for i := range 60 {
			s.send(fmt.Sprintf("conversation-%d", i), reason{})
		}
	}
	s.send("the-last", reason{status: 2})
	systemtest.Eventually(t, 30*time.Second, "the last conversation is there", func() bool { return s.has(from)["the-last"] == 1 })
	found := s.has(from)
	delete(found, "the-last")
	if counts := slices.Compact(slices.Sorted(maps.Values(found))); !slices.Equal(counts, []int{3}) || len(found) < 10 || len(found) > 50 {
		t.Errorf("of 60 conversations with 3 spans each %d are kept, with %v spans; want about 30, whole", len(found), counts)
	}
}

// The first tier keeps spans while the second one is away, and a conversation that two first tiers have seen is whole.
func TestTheTiersWaitForEachOther(t *testing.T) {
	t.Parallel()
	// The wait is longer than the back-offs of two connections differ.
	s := &systemtest.System{Env: append(os.Environ(), "COLLECTOR_SHARE_PERCENT=0", "COLLECTOR_DECISION_WAIT=10s")}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	from, to := jaeger(t, s)
	a, b := systemtest.FreeAddress(t), systemtest.FreeAddress(t)
	below := []string{"COLLECTOR_TIER2_A=" + a, "COLLECTOR_TIER2_B=" + b}
	left, right := start(t, s, firstTier, below...), start(t, s, firstTier, below...)
	sent := &sender{t: t, to: left, sent: map[string]string{}}
	want := map[string]int{}
	for i := range 20 {
		name := fmt.Sprintf("conversation-%d", i)
		want[name] = 2
		sent.to = left
		sent.send(name, reason{status: 2})
		sent.to = right
		sent.send(name, reason{})
	}
	aside, beside := start(t, s, secondTier, to, "COLLECTOR_OTLP_GRPC="+a), start(t, s, secondTier, to, "COLLECTOR_OTLP_GRPC="+b)
	sent.eventually(from, want)
	prometheusSeesBothTiers(t, s, left, aside, beside)
}

// prometheusSeesBothTiers scrapes the Collectors with the targets of collector/tiers.compose.yml. The figures about the way to
// Jaeger come from the second tier, and no span counts twice as accepted.
func prometheusSeesBothTiers(t *testing.T, s *systemtest.System, first, a, b collector) {
	t.Helper()
	targets, err := os.ReadFile(systemtest.InRepository(t, "dashboards/targets-tiers/collector.yml"))
	if err != nil {
		t.Fatal(err)
	}
	s.Metrics = systemtest.FreeMetrics(t)
	s.RunPrometheus(t, systemtest.AsStored, map[string]string{"collector": strings.NewReplacer(
		"collector:8888", first.metrics, "collector-a:8888", a.metrics, "collector-b:8888", b.metrics).Replace(string(targets))})
	for query, want := range map[string]float64{
		`sum(up{job="collector"})`: 3,
		`sum(otelcol_receiver_accepted_spans_total{job="collector",tier!="second"})`:                                                 20,
		`sum(otelcol_receiver_accepted_spans_total{job="collector",tier="second"})`:                                                  40,
		`sum(otelcol_exporter_sent_spans_total{exporter="otlphttp/jaeger"})`:                                                         40,
		`max(otelcol_exporter_queue_size{exporter="otlphttp/jaeger"} / otelcol_exporter_queue_capacity{exporter="otlphttp/jaeger"})`: 0,
		`sum(increase(otelcol_exporter_send_failed_spans_total{exporter="otlphttp/jaeger"}[2m])) or vector(0)`:                       0,
	} {
		var found []systemtest.Sample
		systemtest.Eventually(t, 30*time.Second, fmt.Sprintf("%s is %g", query, want), func() bool {
			found, _ = s.Query(t.Context(), query)
			return len(found) == 1 && found[0].Value == want
		})
	}
}
