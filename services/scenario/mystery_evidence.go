package scenario

import (
	"context"
	_ "embed" // the tree of an order without a failure
	"errors"
	"time"

	"traceria/services/failure"
	"traceria/telemetry/tracetree"
)

//go:embed mystery/clean.tree
var cleanTree string

// Clue is what gave a failure away.
type Clue struct {
	Key    failure.Key `json:"key"`
	Title  string      `json:"title"`
	Breaks string      `json:"breaks"`
	Jaeger string      `json:"jaeger"`
	Repair string      `json:"repair"`
}

// Evidence is the tree of an order of the mystery, and how it differs from that of an order without a failure.
type Evidence struct {
	Order      string `json:"order"`
	Trace      string `json:"trace"`
	Difference string `json:"difference"`
}

const (
	// evidenceTime limits the wait for the spans of an order.
	evidenceTime = 8 * time.Second
	// arrivedTime is the age of a mystery after which spans that are not there do not come any more.
	arrivedTime = 30 * time.Second
)

// Explain returns what the failures are, and the spans that gave them away.
func (s System) Explain(ctx context.Context, m *Mystery) (clues []Clue, evidence Evidence, err error) {
	for _, key := range m.Keys {
		entry, err := failure.Lookup(key)
		if err != nil {
			return nil, evidence, err
		}
		clues = append(clues, Clue{key, entry.Title, entry.Breaks, entry.Jaeger, entry.Repair})
	}
	golden, err := tracetree.ParseGolden(cleanTree)
	if err != nil {
		return clues, evidence, err
	}
	patience := evidenceTime
	if time.Since(m.Started) > arrivedTime {
		patience = 0
	}
	for i, order := range m.Orders {
		read := func(ctx context.Context) ([]tracetree.Span, error) { return s.Jaeger.Conversation(ctx, order) }
		spans, err := tracetree.ReadAtRest(ctx, read, patience)
		if errors.Is(err, tracetree.ErrNotFound) {
			continue
		}
		if err != nil {
			return clues, evidence, err
		}
		evidence = Evidence{Order: order, Trace: s.JaegerURL + "/trace/" + m.Traces[i], Difference: golden.Compare(tracetree.Build(spans))}
		if evidence.Difference != "" {
			break
		}
	}
	return clues, evidence, nil
}
