package conformance

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"traceria/telemetry/tracetree"
)

// anySpan draws a span of few names and values, so that spans and the message often have something in common.
func anySpan(t *rapid.T) tracetree.Span {
	ids := []string{"", sendSpan, "9a0c000000000000", "3077000000000000", "\x1b[2J"}
	keys := []string{"traceria.conversation", "baggage.table", "error.type", "messaging.destination.template"}
	for _, a := range attributes() {
		keys = append(append(keys, a.name), a.old...)
	}
	s := tracetree.Span{
		TraceID: rapid.SampledFrom([]string{trace, another}).Draw(t, "trace"), SpanID: rapid.SampledFrom(ids).Draw(t, "span"),
		ParentID: rapid.SampledFrom(ids).Draw(t, "parent"), Name: rapid.String().Draw(t, "name"), Service: rapid.SampledFrom(ids).Draw(t, "service"),
		Kind:       rapid.SampledFrom([]string{tracetree.KindConsumer, tracetree.KindProducer, tracetree.KindClient, ""}).Draw(t, "kind"),
		TraceState: rapid.String().Draw(t, "tracestate"), Status: rapid.SampledFrom([]string{"", tracetree.StatusError}).Draw(t, "status"),
		Attributes: map[string]any{},
	}
	for _, name := range rapid.SliceOf(rapid.SampledFrom(keys)).Draw(t, "keys") {
		s.Attributes[name] = rapid.SampledFrom([]any{"", "process", "send", "settle", "receive", "kitchen.order-boxed.v1", "o-1", "e-1.v1", "events", int64(1), true, []any{"a"}, nil}).Draw(t, "value")
	}
	if rapid.Bool().Draw(t, "linked") {
		s.Links = []tracetree.Link{{TraceID: trace, SpanID: sendSpan, TraceState: rapid.String().Draw(t, "state of the link")}}
	}
	return s
}

// Whatever the spans are, each rule has one verdict with a detail, and what is printed has one line each and no control
// characters.
func TestEachRuleHasAVerdictOnAnySpans(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		spans := rapid.SliceOfN(rapid.Custom(anySpan), 0, 6).Draw(t, "spans")
		published := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Message {
			return Message{TraceParent: rapid.String().Draw(t, "traceparent"), Baggage: rapid.String().Draw(t, "baggage")}
		}), 0, 2).Draw(t, "published")
		verdicts := Check(good().sent, spans, published)
		var out strings.Builder
		if err := Print(&out, verdicts); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		if len(lines) != len(Rules()) || strings.ContainsAny(out.String(), "\x1b\r") {
			t.Fatalf("%d lines for %d rules:\n%q", len(lines), len(Rules()), out.String())
		}
		for _, v := range verdicts {
			if v.Detail == "" || v.Source == "" || v.Result.weight() < 0 {
				t.Fatalf("got %+v", v)
			}
		}
	})
}

// Spans of other services change no verdict when the consumer is named.
func TestSpansOfOthersChangeNoVerdict(t *testing.T) {
	t.Parallel()
	examples := append(breakages(), breakage{name: "good", do: func(*example) {}})
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SampledFrom(examples).Draw(t, "breakage")
		broken := good()
		b.do(&broken)
		broken.sent.Consumer = "courier"
		alone := broken.verdicts()
		for i, s := range rapid.SliceOfN(rapid.Custom(anySpan), 1, 5).Draw(t, "others") {
			s.Service, s.SpanID = "other", fmt.Sprintf("%016d", i)
			broken.spans = append(broken.spans, s)
		}
		broken.spans = rapid.Permutation(broken.spans).Draw(t, "order")
		if diff := cmp.Diff(alone, broken.verdicts()); diff != "" {
			t.Fatalf("%s (-alone +with others):\n%s", b.name, diff)
		}
	})
}

func FuzzParseTraceParent(f *testing.F) {
	f.Add("00-" + trace + "-" + sendSpan + "-01")
	f.Add("00-" + trace + "-0000000000000000-01")
	f.Add("cc-" + trace + "-" + sendSpan + "-01-more")
	f.Fuzz(func(t *testing.T, header string) {
		got, span, ok := parseTraceParent(header)
		if ok && !strings.HasPrefix(header[2:], "-"+got+"-"+span+"-") {
			t.Errorf("%q: %s %s", header, got, span)
		}
	})
}

func FuzzMissingBaggage(f *testing.F) {
	f.Add("customer=c%201,table=7")
	f.Add(",;=%")
	f.Fuzz(func(t *testing.T, header string) {
		lost := missingBaggage(map[string]string{"table": "7"}, header)
		if again := missingBaggage(map[string]string{"table": "7"}, header+",table=7"); again != "" || lost != "" && lost != "table=7" {
			t.Errorf("%q lacks %q, and with the member %q", header, lost, again)
		}
	})
}
