package console

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"traceria/services/console/journeys"
	"traceria/services/host"
)

const (
	// beat is the time between two comments, which tell a reader that the stream lives.
	beat = 10 * time.Second
	// mostFollowed limits the journeys that one stream follows.
	mostFollowed = 20
)

// stream is one reader of events. It remembers what it has sent, and writes what has changed since.
type stream struct {
	hub    *hub
	out    *eventWriter
	filter journeys.Filter
	list   bool
	// sent is the version of the journeys that the reader has.
	sent     uint64
	counts   string            // of the last journeys event, as JSON
	followed map[string]uint64 // by journey: the version that the reader has
	feeds    []*feed
	topics   []string
	versions []uint64 // of the feeds, 0 before the first event
	next     time.Time
}

// events answers GET /api/events with server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html).
func (c *console) events(w http.ResponseWriter, r *http.Request) error {
	s, err := c.newStream(r)
	if err != nil {
		return err
	}
	bell, leave := c.stream.enter()
	if bell == nil {
		w.Header().Set("Retry-After", "5")
		return &host.Problem{
			Status: http.StatusServiceUnavailable, Title: "Too many event streams", ErrorType: "streams",
			Detail: "at most " + strconv.Itoa(mostStreams) + " streams are served at a time; close one, or try again later",
		}
	}
	defer leave()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // a proxy must not wait for more
	if r.Method == http.MethodHead {
		return nil
	}
	for _, f := range s.feeds {
		defer f.join()()
	}
	if !s.list {
		s.sent = c.store.Version() // the id of its events
	}
	s.out = newEventWriter(w)
	s.out.text("retry: 1000\n\n")
	return s.run(r.Context(), bell)
}

// run writes until the reader is gone, does not read, or ctx ends.
func (s *stream) run(ctx context.Context, bell <-chan struct{}) error {
	beats := time.NewTicker(beat)
	defer beats.Stop()
	for {
		wait, err := s.write(ctx)
		if err != nil || s.out.flush() != nil {
			return nil // the reader is gone
		}
		var due <-chan time.Time
		if wait > 0 {
			due = time.After(wait)
		}
		select {
		case <-bell:
		case <-due:
		case <-beats.C:
			s.out.text(": beat\n\n")
		case <-ctx.Done():
			return nil
		}
	}
}

// write writes every topic that has changed. wait is the time until more may be written, or 0.
func (s *stream) write(ctx context.Context) (wait time.Duration, err error) {
	if s.list {
		if wait = time.Until(s.next); wait <= 0 {
			wait = 0
			if err := s.writeJourneys(ctx); err != nil {
				return 0, err
			}
		}
	}
	for id, sent := range s.followed {
		if row, ok := s.hub.console.store.Find(id); ok && row.Version != sent {
			s.followed[id] = row.Version
			text, _ := json.Marshal(map[string]any{"id": row.ID, "version": row.Version}) // a string and a number cannot fail
			s.out.event("journey", s.sent, text)
		}
	}
	for n, f := range s.feeds {
		if data, version := f.now(); data != nil && version != s.versions[n] {
			s.versions[n] = version
			s.out.event(s.topics[n], s.sent, data)
		}
	}
	return wait, s.out.err
}

// summary is what follows the rows in a journeys event.
type summary struct {
	Remove   []string               `json:"remove"`
	Counts   map[journeys.State]int `json:"counts"`
	Matching int                    `json:"matching"`
	Total    int                    `json:"total"`
	Memory   journeys.Memory        `json:"memory"`
	Now      *time.Time             `json:"now,omitempty"`
}

// writeJourneys writes what has changed in the list since the last event.
func (s *stream) writeJourneys(ctx context.Context) error {
	first := s.next.IsZero()
	changes, texts, err := s.changes(ctx)
	if err != nil {
		return err
	}
	s.next = time.Now().Add(s.hub.gap)
	rest := summary{
		Remove: some(changes.Removed), Counts: changes.Counts, Matching: changes.Matching, Total: changes.Total,
		Memory: s.hub.console.store.Memory(),
	}
	counts, err := json.Marshal(rest)
	if err != nil {
		return err
	}
	if !first && !changes.Reset && len(texts)+len(changes.Removed) == 0 && string(counts) == s.counts {
		s.sent = changes.Version
		return nil
	}
	s.counts, s.sent = string(counts), changes.Version
	now := time.Now().UTC()
	rest.Now = &now
	end, err := json.Marshal(rest)
	if err != nil {
		return err
	}
	s.out.rows(s.sent, changes.Reset, texts, end)
	return s.out.err
}

// changes reads the changes since the last event. A whole list takes memory, so only some streams may read at a time.
func (s *stream) changes(ctx context.Context) (journeys.Changes, [][]byte, error) {
	select {
	case s.hub.resets <- struct{}{}:
		defer func() { <-s.hub.resets }()
	case <-ctx.Done():
		return journeys.Changes{}, nil, context.Cause(ctx)
	}
	changes := s.hub.console.store.Changes(s.sent, s.filter)
	texts := make([][]byte, 0, len(changes.Rows))
	for _, row := range changes.Rows {
		if text := s.hub.rows.of(row); text != nil {
			texts = append(texts, text)
		}
	}
	changes.Rows = nil
	s.hub.rows.drop(changes.Removed)
	return changes, texts, nil
}

// newStream reads the topics, the filter and Last-Event-ID.
func (c *console) newStream(r *http.Request) (*stream, error) {
	values, err := parameters(r, slices.Concat([]string{"topics"}, filterNames)...)
	if err != nil {
		return nil, err
	}
	s := &stream{hub: c.stream, followed: map[string]uint64{}}
	if s.filter, err = filterOf(values); err != nil {
		return nil, err
	}
	if s.sent, err = lastEvent(r); err != nil {
		return nil, err
	}
	topics := values.Get("topics")
	if topics == "" {
		topics = topicJourneys
	}
	for topic := range strings.SplitSeq(topics, ",") {
		if err := s.take(topic); err != nil {
			return nil, err
		}
	}
	if len(s.followed) > mostFollowed {
		return nil, host.Invalid("topics", "has %d journeys, want at most %d", len(s.followed), mostFollowed)
	}
	return s, nil
}

// take adds a topic.
func (s *stream) take(topic string) error {
	id, isJourney := strings.CutPrefix(topic, topicJourney)
	f := s.hub.feeds[topic]
	switch {
	case isJourney && id != "":
		s.followed[id] = 0
	case topic == topicJourneys:
		s.list = true
	case slices.Contains(s.topics, topic):
	case f != nil:
		s.feeds, s.topics, s.versions = append(s.feeds, f), append(s.topics, topic), append(s.versions, 0)
	case slices.Contains([]string{topicQueues, topicParts, topicRun, topicLoad}, topic): // this console lacks the part: its topic is silent
	default:
		return host.Invalid("topics", "has %.60q, want journeys, journey:ID, failures, queues, parts, run or load, with commas between", topic)
	}
	return nil
}

// lastEvent reads Last-Event-ID. A browser sends it when it comes back.
func lastEvent(r *http.Request) (uint64, error) {
	text, err := host.Header(r, "Last-Event-ID")
	if err != nil || text == "" {
		return 0, err
	}
	version, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, nil //nolint:nilerr // the id of another program: the reader gets everything
	}
	return version, nil
}
