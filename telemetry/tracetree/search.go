package tracetree

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

const (
	// conversationKey is the attribute with the business conversation (the order) of a span.
	conversationKey = "traceria.conversation"
	// The default times of a search. It reaches a day ahead, because a machine whose clock is fast reports spans from the
	// future.
	lookback  = 30 * 24 * time.Hour
	lookahead = 24 * time.Hour
	// Jaeger's own limit of a search that has none.
	defaultLimit = 100
	// The most traces of a conversation for each service. In link mode each hop is a trace.
	conversationTraces = 1000
)

// errNoSearch is returned if this Jaeger has no /api/traces.
var errNoSearch = errors.New("no search at /api/traces")

// Conversation returns all spans of the traces with a span that has traceria.conversation=conversation: the whole story of
// an order in each trace mode. If there is none, it looks for the conversation id of the messaging conventions, whose name changed
// in version 1.17. It searches every service, as Jaeger searches one at a time, and 30 days back. It returns [ErrNotFound] if there
// is no such span.
func (j *Jaeger) Conversation(ctx context.Context, conversation string) ([]Span, error) {
	services, err := j.Services(ctx)
	if err != nil {
		return nil, fmt.Errorf("conversation %s: %w", printable(conversation), err)
	}
	traces := map[TraceID][]Span{}
	for _, name := range append([]string{conversationKey, messageGroupKey}, spellings[messageGroupKey]...) {
		for _, service := range services {
			q := query{service: service, tags: map[string]string{name: conversation}, limit: conversationTraces}
			if err := j.search(ctx, traces, q); err != nil {
				return nil, fmt.Errorf("conversation %s: %w", printable(conversation), err)
			}
		}
		if len(traces) > 0 {
			return collect(traces), nil
		}
	}
	return nil, fmt.Errorf("conversation %s: %w", printable(conversation), ErrNotFound)
}

// Search returns the spans of the traces in which a span of service has all tags (compared as text) and starts between start
// and end. A zero start means 30 days ago, a zero end means tomorrow, and a limit of 0 or less means 100 traces. If it finds
// nothing it returns an empty list.
func (j *Jaeger) Search(ctx context.Context, service string, tags map[string]string, limit int, start, end time.Time) ([]Span, error) {
	traces := map[TraceID][]Span{}
	err := j.search(ctx, traces, query{service: service, tags: tags, limit: limit, start: start, end: end})
	if err != nil {
		return nil, err
	}
	return collect(traces), nil
}

// Recent returns the spans of the latest traces of the services since a time, at most limit for each service.
func (j *Jaeger) Recent(ctx context.Context, services []string, limit int, since time.Time) ([]Span, error) {
	traces := map[TraceID][]Span{}
	for _, service := range services {
		if err := j.search(ctx, traces, query{service: service, limit: limit, start: since}); err != nil {
			return nil, err
		}
	}
	return collect(traces), nil
}

// collect returns each span once. A Collector that repeats a batch stores its spans twice.
func collect(traces map[TraceID][]Span) []Span {
	var spans []Span
	for _, id := range slices.Sorted(maps.Keys(traces)) {
		spans = append(spans, traces[id]...)
	}
	return Build(spans).Spans()
}

// query is a search in one service.
type query struct {
	service    string
	tags       map[string]string
	limit      int
	start, end time.Time
}

func (q query) withDefaults() query {
	now := time.Now()
	if q.limit <= 0 {
		q.limit = defaultLimit
	}
	if q.start.IsZero() {
		q.start = now.Add(-lookback)
	}
	if q.end.IsZero() {
		q.end = now.Add(lookahead)
	}
	return q
}

// search adds the traces that q finds. Jaeger up to v2.20 searches attributes at /api/traces, whose times are rounded, so
// search only takes the ids from there. Later versions search at /api/v3/traces, which ignores attributes before v2.19: so
// search tries it last.
func (j *Jaeger) search(ctx context.Context, traces map[TraceID][]Span, q query) error {
	q = q.withDefaults()
	ids, err := j.findIDs(ctx, q)
	if errors.Is(err, errNoSearch) {
		err = j.findV3(ctx, traces, q)
	}
	if err != nil {
		return fmt.Errorf("search in service %s: %w", printable(q.service), err)
	}
	for _, id := range ids {
		if _, known := traces[id]; known {
			continue
		}
		spans, err := j.Trace(ctx, id)
		if errors.Is(err, ErrNotFound) {
			continue // the memory storage dropped it between the two requests
		}
		if err != nil {
			return err
		}
		traces[id] = spans
	}
	return nil
}

// findIDs searches at /api/traces.
func (j *Jaeger) findIDs(ctx context.Context, q query) ([]TraceID, error) {
	tags, err := json.Marshal(q.tags)
	if err != nil {
		return nil, err
	}
	values := url.Values{
		"service": {q.service}, "limit": {strconv.Itoa(q.limit)}, "tags": {string(tags)},
		"start": {strconv.FormatInt(q.start.UnixMicro(), 10)}, "end": {strconv.FormatInt(q.end.UnixMicro(), 10)},
	}
	body, err := j.get(ctx, "/api/traces", values)
	var refused *refusedError
	if errors.Is(err, ErrNotFound) || errors.As(err, &refused) && refused.status == http.StatusNotFound {
		return nil, errNoSearch
	}
	if err != nil {
		return nil, err
	}
	var answer struct {
		Data []struct {
			TraceID TraceID `json:"traceID"`
		} `json:"data"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, errNoSearch // Jaeger answers an unknown path with its web page
	}
	ids := make([]TraceID, 0, len(answer.Data))
	for _, trace := range answer.Data {
		ids = append(ids, trace.TraceID)
	}
	return ids, nil
}

// findV3 searches at /api/v3/traces and keeps the traces that match.
func (j *Jaeger) findV3(ctx context.Context, traces map[TraceID][]Span, q query) error {
	tags, err := json.Marshal(q.tags)
	if err != nil {
		return err
	}
	body, err := j.get(ctx, "/api/v3/traces", url.Values{
		"query.service_name": {q.service}, "query.num_traces": {strconv.Itoa(q.limit)}, "query.attributes": {string(tags)},
		"query.start_time_min": {q.start.UTC().Format(time.RFC3339Nano)},
		"query.start_time_max": {q.end.UTC().Format(time.RFC3339Nano)},
		"query.raw_traces":     {"true"},
	})
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	spans, err := decodeOTLP(body)
	if err != nil {
		return fmt.Errorf("the answer of Jaeger at %s is not a list of traces: %w", j.at, err)
	}
	found := map[TraceID][]Span{}
	matches := map[TraceID]bool{}
	for _, s := range spans {
		found[s.TraceID] = append(found[s.TraceID], s)
		matches[s.TraceID] = matches[s.TraceID] || q.matches(s)
	}
	for id := range matches {
		if matches[id] {
			traces[id] = found[id]
		}
	}
	return nil
}

func (q query) matches(s Span) bool {
	for name, value := range q.tags {
		if fmt.Sprint(s.Attributes[name]) != value {
			return false
		}
	}
	return s.Service == q.service
}
