package console

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"traceria/services/console/journeys"
	"traceria/services/host"
	"traceria/telemetry/tracetree"
)

const (
	defaultSince = 15 * time.Minute
	mostSince    = 24 * time.Hour
	// mapJourneys is the most journeys of a map, the newest first.
	mapJourneys = 2000
)

// showMap answers GET /api/map.
func (c *console) showMap(w http.ResponseWriter, r *http.Request) error {
	values, err := parameters(r, "since")
	if err != nil {
		return err
	}
	since := defaultSince
	if text := values.Get("since"); text != "" {
		if since, err = time.ParseDuration(text); err != nil || since <= 0 || since > mostSince {
			return host.Invalid("since", "is %.40q, want a duration up to 24h, such as 15m", text)
		}
	}
	leave, err := c.wide.enter(r.Context())
	if err != nil {
		return err
	}
	defer leave()
	if c.lastMap.since != since || time.Since(c.lastMap.at) > mapAge {
		answer, err := c.mapSince(r.Context(), since)
		if err != nil {
			return err
		}
		c.lastMap = mapText{since, time.Now(), answer}
	}
	return host.WriteJSON(w, http.StatusOK, c.lastMap.answer)
}

// mapText is a map that was answered. Requests that come at the same time share it.
type mapText struct {
	since  time.Duration
	at     time.Time
	answer map[string]json.RawMessage
}

// mapAge is how long a map is shown to others.
const mapAge = time.Second

// mapSince draws the map of the journeys that began in the time before now.
func (c *console) mapSince(ctx context.Context, since time.Duration) (map[string]json.RawMessage, error) {
	var spans []tracetree.Span
	count := 0
	c.store.Each(journeys.Filter{Since: time.Now().Add(-since)}, mapJourneys, func(_ journeys.Row, of []tracetree.Span) bool {
		spans = append(spans, of...)
		count++
		return ctx.Err() == nil
	})
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	return c.mapOf(tracetree.NewMap(tracetree.Build(spans)), count)
}

// mapOf adds to a map what is declared and was not seen, and the reverse.
func (c *console) mapOf(m tracetree.Map, count int) (map[string]json.RawMessage, error) {
	var compared any = m
	if c.system.Declared != nil {
		compared = c.system.Declared(m)
	}
	text, err := json.Marshal(compared)
	if err != nil {
		return nil, fmt.Errorf("encode the map: %w", err)
	}
	answer := map[string]json.RawMessage{"declaredNotSeen": []byte("[]"), "seenNotDeclared": []byte("[]")}
	if err := json.Unmarshal(text, &answer); err != nil {
		return nil, fmt.Errorf("encode the map: %w", err)
	}
	answer["journeys"] = fmt.Append(nil, count)
	return answer, nil
}
