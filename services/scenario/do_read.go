package scenario

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"traceria/telemetry/tracetree"
)

// read reads the traces until they are at rest and as expected, and shows them. It reads on for a while if they are not: spans
// may be late.
func (t *run) read(ctx context.Context, s Step) error {
	golden := t.scenario.trees[s.Tree]
	reading := Reading{Of: s.Read + s.Conversation, Look: s.Look, Golden: t.scenario.treePath(s.Tree)}
	since, count := time.Now(), -1
	var final error
	err := t.await(ctx, s.within(), func() error {
		spans, err := t.spans(ctx, s)
		if err != nil {
			return err
		}
		if len(spans) != count {
			since, count = time.Now(), len(spans)
		}
		reading.Tree = tracetree.Build(spans)
		if s.As == asStory {
			reading.Tree = tracetree.Join(reading.Tree)
		}
		reading.Difference = golden.Compare(reading.Tree)
		if reading.Difference == "" && !tracetree.Quiet(spans) {
			return errors.New("spans are still arriving")
		}
		if reading.Difference != "" {
			err := fmt.Errorf("%w: %s", ErrShape, reading.Golden)
			if s.Within == 0 && time.Since(since) > giveUpTime {
				final = err
				return nil
			}
			return err
		}
		return nil
	})
	err = errors.Join(err, final)
	if reading.Tree == nil {
		return err
	}
	reading.Shape = tracetree.Shape(reading.Tree)
	t.locate(&reading)
	t.readings = append(t.readings, reading)
	t.Show.Tree(reading)
	return err
}

// giveUpTime is how long no new span arrives before a tree counts as finished, although it is not as expected. It is longer than
// the longest back-off of a message.
const giveUpTime = 12 * time.Second

// spans returns the spans that a step reads.
func (t *run) spans(ctx context.Context, s Step) (all []tracetree.Span, err error) {
	if s.Conversation != "" {
		conversation, err := t.expand(s.Conversation)
		if err != nil {
			return nil, err
		}
		return t.System.Jaeger.Conversation(ctx, conversation)
	}
	group, err := t.group(s.Read + s.Map)
	if err != nil {
		return nil, err
	}
	for _, one := range group {
		var spans []tracetree.Span
		if s.As == asTrace || one.order.OrderID == "" {
			spans, err = t.System.Jaeger.Trace(ctx, one.order.TraceID)
		} else {
			spans, err = t.System.Jaeger.Conversation(ctx, one.order.OrderID)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, spans...)
	}
	return all, nil
}

// locate adds the traces and their addresses in Jaeger.
func (t *run) locate(r *Reading) {
	ids := map[string]bool{}
	for _, s := range r.Tree.Spans() {
		ids[s.TraceID] = true
	}
	r.Traces = slices.Sorted(maps.Keys(ids))
	for _, id := range r.Traces {
		r.Jaeger = append(r.Jaeger, t.System.JaegerURL+"/trace/"+id)
	}
}

// drawMap draws who talks to whom, and compares the ways.
func (t *run) drawMap(ctx context.Context, s Step) error {
	return t.await(ctx, s.within(), func() error {
		spans, err := t.spans(ctx, s)
		if err != nil {
			return err
		}
		var found []string
		for _, e := range tracetree.NewMap(tracetree.Build(spans)).Edges {
			found = append(found, strings.Join(strings.Fields(e.From+" "+e.What+" "+e.To), " "))
		}
		slices.Sort(found)
		wanted := slices.Sorted(slices.Values(s.Ways))
		var wrong []error
		for _, way := range wanted {
			if !slices.Contains(found, way) {
				wrong = append(wrong, errors.New("- "+way))
			}
		}
		for _, way := range found {
			if !slices.Contains(wanted, way) {
				wrong = append(wrong, errors.New("+ "+way))
			}
		}
		if len(wrong) > 0 {
			return fmt.Errorf("the map differs (- wanted, + found):\n%w", errors.Join(wrong...))
		}
		t.Show.Detail(strings.Join(found, "\n"))
		return nil
	})
}
