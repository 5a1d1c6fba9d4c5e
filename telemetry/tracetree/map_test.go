package tracetree

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A map is the same with parents and with links.
func TestMapsAreTheGoldenOnes(t *testing.T) {
	t.Parallel()
	for _, links := range []bool{false, true} {
		m := NewMap(Build(late(links)))
		if !links && m.Traces != 1 || links && m.Traces <= 1 {
			t.Errorf("%d traces", m.Traces)
		}
		m.Traces = 1
		var text, chart strings.Builder
		if err := PrintMap(&text, m, PrintOptions{}); err != nil {
			t.Fatal(err)
		}
		if err := MermaidMap(&chart, m); err != nil {
			t.Fatal(err)
		}
		golden(t, "map.txt", text.String())
		golden(t, "map.mmd", chart.String())
	}
}

func TestSequenceDiagramsAreTheGoldenOnes(t *testing.T) {
	t.Parallel()
	for file, spans := range map[string][]Span{"late.mmd": late(true), "clinic.mmd": clinic(), "nothing.mmd": nil} {
		var b strings.Builder
		if err := Mermaid(&b, Build(spans)); err != nil {
			t.Fatal(err)
		}
		golden(t, file, b.String())
	}
}

// Names come from the senders of spans. None of their characters may end a line or a statement.
func TestNamesAreNotSyntaxInADiagram(t *testing.T) {
	t.Parallel()
	spans := []Span{{
		TraceID: "1", SpanID: "1", Kind: KindServer, Name: "GET /a;b#c\nend \"x\"|y", Service: "a-b;\nc",
		Attributes: map[string]any{errorTypeKey: "no; #1\nsecond"},
	}}
	var b strings.Builder
	if err := Mermaid(&b, Build(spans)); err != nil {
		t.Fatal(err)
	}
	want := `sequenceDiagram
    actor p0 as client
    participant p1 as a-b#59; c
    p0->>p1: GET /a#59;b#35;c end "x"|y
    Note over p1: no#59; #35;1 second
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}
