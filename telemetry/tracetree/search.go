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
	// conversationKey is on every span that belongs to one business conversation (one order).
	conversationKey = "traceria.conversation"
	// Where a search does not say: as far back as a person looks, and a day ahead, because a machine whose clock
	// is fast reports spans from the future.
	lookback  = 30 * 24 * time.Hour
	lookahead = 24 * time.Hour
	// As many as Jaeger itself returns when a search has no limit.
	defaultLimit = 100
	// In link mode each hop is a trace. A conversation of more traces than this per service is cut.
	conversationTraces = 1000
)

// errNoSearch says that this Jaeger has no /api/traces.
var errNoSearch = errors.New("no search at /api/traces")

// Conversation returns every span of every trace in which some span has traceria.conversation=conversation:
// the whole story of an order in all trace modes. Jaeger can only search within one service, so it takes one search
// for each. It returns [ErrNotFound] when there is none. Spans older than 30 days are not looked for.
func (j *Jaeger) Conversation(ctx context.Context, conversation string) ([]Span, error) {
	services, err := j.Services(ctx)
	if err != nil {
		return nil, fmt.Errorf("conversation %s: %w", printable(conversation), err)
	}
	tags := map[string]string{conversationKey: conversation}
	traces := map[TraceID][]Span{}
	for _, service := range services {
		err := j.search(ctx, traces, query{service: service, tags: tags, limit: conversationTraces})
		if err != nil {
			return nil, fmt.Errorf("conversation %s: %w", printable(conversation), err)
		}
	}
	if len(traces) == 0 {
		return nil, fmt.Errorf("conversation %s: %w", printable(conversation), ErrNotFound)
	}
	return collect(traces), nil
}

// Search returns the spans of whole traces in which some span of service has all the tags (compared as text) and
// started between start and end. A zero start means 30 days ago, a zero end tomorrow; a limit (of traces) of 0 or less means
// 100. Nothing found is an empty list and no error.
func (j *Jaeger) Search(ctx context.Context, service string, tags map[string]string, limit int, start, end time.Time) ([]Span, error) {
	traces := map[TraceID][]Span{}
	err := j.search(ctx, traces, query{service: service, tags: tags, limit: limit, start: start, end: end})
	if err != nil {
		return nil, err
	}
	return collect(traces), nil
}

// collect returns each span once: a Collector that repeats a batch stores its spans twice.
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

// search adds the traces that q finds. Through v2.20 Jaeger searches attributes at /api/traces, in a JSON of its
// own that rounds times to microseconds, so only ids are taken from it; afterwards it does at /api/v3/traces.
// Before v2.19 the latter ignores attributes and returns anything: the order of the two attempts matters.
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
			continue // the memory storage forgot it between the two questions
		}
		if err != nil {
			return err
		}
		traces[id] = spans
	}
	return nil
}

// findIDs asks /api/traces.
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
		return nil, errNoSearch // Jaeger answers unknown paths with its web page
	}
	ids := make([]TraceID, 0, len(answer.Data))
	for _, trace := range answer.Data {
		ids = append(ids, trace.TraceID)
	}
	return ids, nil
}

// findV3 asks /api/v3/traces and keeps the traces that truly match.
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
		return fmt.Errorf("the answer of Jaeger at %s is not a list of traces: %w", j.base.Redacted(), err)
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
