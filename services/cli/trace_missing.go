package cli

import (
	"context"
	"io"
	"strings"

	"traceria/services/host"
	"traceria/services/order/journey"
	"traceria/services/pizzeria"
	"traceria/telemetry/tracetree"
)

// treeDocument is the document of `traceria trace --json`.
type treeDocument struct {
	*tracetree.Tree
	// Missing is nil for an order that is whole, and for a trace without an order.
	Missing *journey.Missing `json:"missing,omitempty"`
}

// missing says what the order of the tree lacks. A tree of one trace may lack spans of the order that other traces have, so it
// reads the whole conversation then.
func (s subject) missing(ctx context.Context, config host.Config, tree *tracetree.Tree) *journey.Missing {
	spans := tree.Spans()
	orderID := conversationOf(spans)
	if !isUUID(orderID) {
		return nil
	}
	sources, done := pizzeria.JourneySources(config)
	defer done()
	if s.traceID != "" {
		if all, err := sources.Spans(ctx, orderID); err == nil {
			spans = all
		}
	}
	return journey.FindMissing(ctx, sources, orderID, spans)
}

// printMissing prints what an order lacks, a line each. It prints nothing when nothing is missing.
func printMissing(w io.Writer, m *journey.Missing) {
	if m == nil {
		return
	}
	out := newScreen(w)
	out.print(plain, "")
	out.print(yellow, "missing")
	for _, g := range m.Gaps {
		line := g.Expected
		if g.After != nil {
			line += ", after " + g.After.Name + " of " + g.After.Service
		}
		out.print(plain, "  "+oneLine(line+": "+g.Where))
	}
	if len(m.Unseen) > 0 {
		out.print(plain, "  spans of "+oneLine(strings.Join(m.Unseen, ", "))+" are missing, although the order is finished: they were not sampled or not exported")
	}
	for _, why := range m.Unanswered {
		out.print(plain, "  not known: "+oneLine(why))
	}
}
