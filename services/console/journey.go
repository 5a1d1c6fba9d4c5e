package console

import (
	"bytes"
	"net/http"
	"net/url"
	"time"

	"traceria/services/console/journeys"
	"traceria/services/failure"
	"traceria/services/host"
	"traceria/telemetry/tracetree"
)

// journeyAnswer is the answer of GET /api/journeys/{id}.
type journeyAnswer struct {
	Row    journeys.Row `json:"row"`
	Source string       `json:"source"`
	Traces []traceOf    `json:"traces"`

	Waterfall tracetree.Waterfall `json:"waterfall"`
	Path      *tracetree.Path     `json:"path"`
	// Late says in a sentence what took the time.
	Late     string              `json:"late"`
	Messages []tracetree.Message `json:"messages"`
	// Missing is what has not happened yet, or null.
	Missing  any           `json:"missing"`
	Failures []failureOf   `json:"failures"`
	Tree     string        `json:"tree"`
	Mermaid  string        `json:"mermaid"`
	Map      tracetree.Map `json:"map"`
	// Complete reports that no span is known to be missing.
	Complete bool `json:"complete"`
}

// traceOf is a trace of a journey.
type traceOf struct {
	TraceID tracetree.TraceID `json:"traceId"`
	Spans   int               `json:"spans"`
	Start   time.Time         `json:"start"`
	// Jaeger is the trace's page in Jaeger.
	Jaeger string `json:"jaeger"`
}

// failureOf is an injected failure of a journey, with the spans that have its mark.
type failureOf struct {
	Key    string             `json:"key"`
	Title  string             `json:"title"`
	Breaks string             `json:"breaks"`
	Jaeger string             `json:"jaeger"`
	Repair string             `json:"repair"`
	Spans  []tracetree.SpanID `json:"spans"`
}

// showJourney answers GET /api/journeys/{id}.
func (c *console) showJourney(w http.ResponseWriter, r *http.Request) error {
	if _, err := parameters(r); err != nil {
		return err
	}
	s, closed, err := c.storyOf(r)
	if err != nil {
		return err
	}
	defer closed()
	missing := c.missing(r.Context(), s) // before the place is taken: it asks others
	leave, err := c.heavy.enter(r.Context())
	if err != nil {
		return err
	}
	defer leave()
	answer, err := c.fold(s)
	if err != nil {
		return err
	}
	answer.Missing = missing
	return host.WriteJSON(w, http.StatusOK, answer)
}

// fold makes everything that the page shows of a journey.
func (c *console) fold(s story) (journeyAnswer, error) {
	tree := treeOf(s.spans)
	path := tracetree.CriticalPath(tree, c.system.Ended)
	a := journeyAnswer{
		Row: s.row, Source: s.source, Traces: c.traces(s.spans), Waterfall: tracetree.NewWaterfall(tree, path),
		Messages: some(tracetree.Messages(s.spans, c.routing())), Failures: failuresOf(s), Map: tracetree.NewMap(tree),
		Complete: s.row.Dropped == 0 && len(tree.Orphans) == 0,
	}
	if len(path.Steps) > 0 {
		a.Path, a.Late = &path, late(path)
	}
	var text bytes.Buffer
	if err := tracetree.Print(&text, tree, tracetree.PrintOptions{}); err != nil {
		return a, err
	}
	a.Tree = text.String()
	text.Reset()
	if err := tracetree.Mermaid(&text, tree); err != nil {
		return a, err
	}
	a.Mermaid = text.String()
	return a, nil
}

// traces counts the spans by trace, in the sequence of the first starts.
func (c *console) traces(spans []tracetree.Span) []traceOf {
	found, at := []traceOf{}, map[tracetree.TraceID]int{}
	for _, span := range spans { // by start
		n, known := at[span.TraceID]
		if !known {
			n = len(found)
			at[span.TraceID] = n
			found = append(found, traceOf{TraceID: span.TraceID, Start: span.Start, Jaeger: c.jaegerTrace(span.TraceID)})
		}
		found[n].Spans++
	}
	return found
}

func (c *console) jaegerTrace(id tracetree.TraceID) string {
	return c.Config.JaegerPublicURL + "/trace/" + url.PathEscape(id)
}

func failuresOf(s story) []failureOf {
	marked := map[string][]tracetree.SpanID{}
	for i := range s.spans {
		for _, key := range journeys.Failures(&s.spans[i]) {
			if of := marked[key]; len(of) == 0 || of[len(of)-1] != s.spans[i].SpanID { // a span may name a key twice
				marked[key] = append(of, s.spans[i].SpanID)
			}
		}
	}
	found := []failureOf{}
	for _, key := range s.row.Failures {
		f := failureOf{Key: key, Spans: some(marked[key])}
		if entry, err := failure.Lookup(failure.Key(key)); err == nil {
			f.Title, f.Breaks, f.Jaeger, f.Repair = entry.Title, entry.Breaks, entry.Jaeger, entry.Repair
		}
		found = append(found, f)
	}
	return found
}
