package journeys

import (
	"encoding/hex"
	"fmt"
	"hash/maphash"
	"slices"
	"time"

	"traceria/telemetry/tracetree"
)

// Received says what became of the spans of one call of Add.
type Received struct {
	// Journeys are the ids of the journeys that have the spans of a file. They are not known yet for other sources.
	Journeys []string
	// Refused is the number of spans that were not kept, and Reason says why, for the sender.
	Refused int
	Reason  string
}

// Add keeps spans. It never waits for a reader. Near the limit it first compresses what is there, which slows the sender down. Repeated spans are kept once. The spans belong to the store afterwards. source is
// [SourceOTLP] or [SourceFile]. For a file, Add returns when the rows are up to date.
func (s *Store) Add(spans []tracetree.Span, source string) Received {
	var r Received
	for rest := spans; len(rest) > 0; {
		rest = rest[s.keepSome(rest, source, &r):]
		s.relieve()
	}
	if source == SourceFile {
		s.Flush()
		touched := map[string]bool{}
		for i := range spans {
			touched[spans[i].TraceID] = true
		}
		r.Journeys = s.holders(touched)
	}
	return r
}

// maxHeld is the most spans that are added under one lock.
const maxHeld = 1000

// keepSome adds spans until the limit is reached. It returns how many it has taken.
func (s *Store) keepSome(spans []tracetree.Span, source string, r *Received) int {
	now := s.options.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range spans {
		if i == maxHeld || i > 0 && s.bytes > s.options.Limit {
			return i
		}
		if reason := s.keep(&spans[i], source, now); reason != "" {
			r.Refused++
			r.Reason = reason
		}
	}
	return len(spans)
}

// holders returns the ids of the journeys that have spans of these traces, the first one first.
func (s *Store) holders(traces map[string]bool) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := map[*journey]bool{}
	for id := range traces {
		if t := s.traces[id]; t != nil {
			for _, p := range t.all() {
				found[p.journey] = p.journey != nil && p.journey.row != nil
			}
		}
	}
	var rows []*Row
	for j, listed := range found {
		if listed {
			rows = append(rows, j.row)
		}
	}
	slices.SortFunc(rows, byStart)
	ids := make([]string, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	return ids
}

// keep adds one span. It returns why it did not.
func (s *Store) keep(span *tracetree.Span, source string, now time.Time) string {
	if !isID(span.TraceID, 16) || !isID(span.SpanID, 8) {
		s.gone.spans++
		return fmt.Sprintf("span %q has no trace id of 32 or span id of 16 hexadecimal digits", shortened(span.Name))
	}
	s.routes.learn(span)
	t := s.trace(span.TraceID)
	p := s.partFor(t, span, source)
	size := sizeAfter(p.open, span)
	if p.raw+size > s.options.JourneyLimit || p.journey != nil && p.journey.raw+size > s.options.JourneyLimit {
		s.drop(p, 1)
		return fmt.Sprintf("the journey of trace %s has more than %d KiB of spans", span.TraceID, s.options.JourneyLimit>>10)
	}
	if p.has(s.hash(span)) {
		s.arrived(p, now)
		return ""
	}
	if len(p.ids) == 1 || span.Start.Before(p.first) {
		p.first = span.Start
		s.changed[p] = true // the first trace gives a journey its id
	}
	if t.parts != nil && len(t.linkers) > 0 {
		s.changed[p] = true // a link may lead to this span
	}
	s.put(p, span, size)
	s.link(p, span)
	s.arrived(p, now)
	if p.journey != nil {
		p.journey.changes++
		s.dirty[p.journey] = true
	}
	return ""
}

// put adds the bytes of a span to its part.
func (s *Store) put(p *part, span *tracetree.Span, size int64) {
	p.open = append(p.open, *span)
	p.raw += size
	s.opened(p, size)
	s.grow(p, size+hashCost)
	if p.journey != nil {
		p.journey.raw += size
		p.journey.spans++
		s.open[p.journey] = true
	}
}

// arrived notes that a part has a new span.
func (s *Store) arrived(p *part, now time.Time) {
	p.seen = now
	if p.journey != nil {
		p.journey.seen = now
		s.arrival.MoveToBack(p.journey.arrival)
		s.dirty[p.journey] = true
	}
}

// drop counts spans that a limit did not let in.
func (s *Store) drop(p *part, spans int) {
	s.gone.spans += spans
	if p.journey == nil {
		p.dropped += spans
		return
	}
	p.journey.dropped += spans
	s.dirty[p.journey] = true
}

// trace returns the trace with an id, which may be new.
func (s *Store) trace(id string) *trace {
	t := s.traces[id]
	if t == nil {
		t = &trace{id: id}
		s.traces[id] = t
		s.bytes += traceCost
	}
	return t
}

// hash identifies a span with its contents: a span that comes again with other contents is kept as well.
func (s *Store) hash(span *tracetree.Span) uint64 {
	return maphash.Comparable(s.seed, struct {
		id, parent, name, status  string
		start, took               int64
		attributes, links, events int
	}{
		span.SpanID, span.ParentID, span.Name, span.Status, span.Start.UnixNano(), int64(span.Duration),
		len(span.Attributes), len(span.Links), len(span.Events),
	})
}

func isID(id string, size int) bool {
	if len(id) != 2*size {
		return false
	}
	var raw [16]byte
	n, err := hex.Decode(raw[:size], []byte(id))
	return err == nil && n == size && raw != [16]byte{}
}
