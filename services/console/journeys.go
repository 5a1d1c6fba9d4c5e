package console

import (
	"net/http"
	"slices"
	"time"

	"traceria/services/console/journeys"
	"traceria/services/host"
)

// The limits of a list of journeys.
const (
	defaultRows = 200
	mostRows    = 5000
)

// journeyList is the answer of GET /api/journeys.
type journeyList struct {
	Journeys []journeys.Row         `json:"journeys"`
	Matching int                    `json:"matching"`
	Total    int                    `json:"total"`
	Counts   map[journeys.State]int `json:"counts"`
	Memory   journeys.Memory        `json:"memory"`
	Now      time.Time              `json:"now"`
}

// listJourneys answers GET /api/journeys.
func (c *console) listJourneys(w http.ResponseWriter, r *http.Request) error {
	values, err := parameters(r, slices.Concat(filterNames, []string{"sort", "limit", "offset"})...)
	if err != nil {
		return err
	}
	filter, err := filterOf(values)
	if err != nil {
		return err
	}
	sort, err := journeys.ParseSort(values.Get("sort"))
	if err != nil {
		return host.Invalid("sort", "%v", err)
	}
	limit, err := number(values, "limit", defaultRows, 1, mostRows)
	if err != nil {
		return err
	}
	offset, err := number(values, "offset", 0, 0, 1<<30)
	if err != nil {
		return err
	}
	leave, err := c.heavy.enter(r.Context())
	if err != nil {
		return err
	}
	defer leave()
	found := c.store.Rows(filter, sort, limit, offset)
	return host.WriteJSON(w, http.StatusOK, journeyList{
		Journeys: some(found.Rows), Matching: found.Matching, Total: found.Total, Counts: found.Counts,
		Memory: c.store.Memory(), Now: time.Now().UTC(),
	})
}

// some returns a list that JSON writes as [] and not as null.
func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
