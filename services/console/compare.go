package console

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"traceria/services/console/journeys"
	"traceria/services/host"
	"traceria/telemetry/tracetree"
)

// groupJourneys is the most journeys of a group, the newest first.
const groupJourneys = 500

// pairAnswer is the answer of GET /api/compare for two journeys.
type pairAnswer struct {
	A    journeys.Row    `json:"a"`
	B    journeys.Row    `json:"b"`
	Hops []tracetree.Hop `json:"hops"`
}

// groupsAnswer is the answer of GET /api/compare for two groups.
type groupsAnswer struct {
	A    groupOf         `json:"a"`
	B    groupOf         `json:"b"`
	Hops []tracetree.Hop `json:"hops"`
}

// groupOf are the journeys that a filter lets through.
type groupOf struct {
	// Journeys is their number, and Used how many of them are compared.
	Journeys int     `json:"journeys"`
	Used     int     `json:"used"`
	P50MS    float64 `json:"p50Ms"`
	P95MS    float64 `json:"p95Ms"`
	// Errors is the number of used journeys with a failed span.
	Errors int `json:"errors"`
}

// compare answers GET /api/compare: two journeys with a and b, or two groups with groupA and groupB.
func (c *console) compare(w http.ResponseWriter, r *http.Request) error {
	values, err := parameters(r, "a", "b", "groupA", "groupB")
	if err != nil {
		return err
	}
	switch {
	case values.Get("a") != "" && values.Get("b") != "" && !values.Has("groupA") && !values.Has("groupB"):
		return c.comparePair(w, r, values)
	case values.Has("groupA") && values.Has("groupB") && !values.Has("a") && !values.Has("b"):
		return c.compareGroups(w, r, values)
	default:
		return host.Invalid("query", "want a and b, each a journey, or groupA and groupB, each an escaped filter such as state%%3Ddone")
	}
}

func (c *console) comparePair(w http.ResponseWriter, r *http.Request, values url.Values) error {
	closed, err := c.stories.enter(r.Context())
	if err != nil {
		return err
	}
	defer closed()
	a, err := c.story(r.Context(), values.Get("a"))
	if err != nil {
		return err
	}
	b, err := c.story(r.Context(), values.Get("b"))
	if err != nil {
		return err
	}
	leave, err := c.heavy.enter(r.Context())
	if err != nil {
		return err
	}
	defer leave()
	found := tracetree.NewComparison([]*tracetree.Tree{treeOf(a.spans)}, []*tracetree.Tree{treeOf(b.spans)})
	return host.WriteJSON(w, http.StatusOK, pairAnswer{A: a.row, B: b.row, Hops: some(found.Hops)})
}

func treeOf(spans []tracetree.Span) *tracetree.Tree { return tracetree.Join(tracetree.Build(spans)) }

func (c *console) compareGroups(w http.ResponseWriter, r *http.Request, values url.Values) error {
	var filters [2]journeys.Filter
	for n, name := range []string{"groupA", "groupB"} {
		query, err := parse(name, values.Get(name), filterNames)
		if err != nil {
			return err
		}
		if filters[n], err = filterOf(query); err != nil {
			return err
		}
	}
	leave, err := c.wide.enter(r.Context())
	if err != nil {
		return err
	}
	defer leave()
	a, treesA := c.group(r.Context(), filters[0])
	b, treesB := c.group(r.Context(), filters[1])
	if err := context.Cause(r.Context()); err != nil {
		return err
	}
	return host.WriteJSON(w, http.StatusOK, groupsAnswer{A: a, B: b, Hops: some(tracetree.NewComparison(treesA, treesB).Hops)})
}

// group reads the journeys of a filter. It stops when ctx ends.
func (c *console) group(ctx context.Context, f journeys.Filter) (groupOf, []*tracetree.Tree) {
	found := groupOf{Journeys: c.store.Rows(f, journeys.Newest, 1, 0).Matching}
	var trees []*tracetree.Tree
	var times []float64
	c.store.Each(f, groupJourneys, func(row journeys.Row, spans []tracetree.Span) bool {
		trees, times = append(trees, treeOf(spans)), append(times, row.DurationMS)
		if row.Errors > 0 {
			found.Errors++
		}
		return ctx.Err() == nil
	})
	slices.Sort(times)
	found.Used, found.P50MS, found.P95MS = len(trees), tracetree.Quantile(times, 0.5), tracetree.Quantile(times, 0.95)
	return found, trees
}
