package journeys

import (
	"cmp"
	"container/list"
	"slices"
	"time"

	"traceria/telemetry/otlp"
	"traceria/telemetry/tracetree"
)

// trace has one part, or several if its spans are of several conversations.
type trace struct {
	id   string
	sole *part
	// parts are the parts by conversation, or nil while there is one. "" is the trace's own.
	parts map[string]*part
	// index says to which conversation a span belongs, for the spans below it. It is nil while there is one part.
	index map[string]member
	// linkers are the parts of other traces that link to this one.
	linkers []*part
}

type member struct {
	parent       string
	conversation string // "" means that it is not known, or none
}

// part holds the spans of one trace that belong to one conversation, or to none. It is always in one journey as a whole.
type part struct {
	trace        *trace
	conversation string
	journey      *journey // nil until it is placed
	source       string
	open         []tracetree.Span // the spans that are not compressed
	ids          []uint64         // hashes of all spans, sorted
	links        []tracetree.Link // to other traces, one for each trace
	first        time.Time        // the earliest start
	seen         time.Time        // the last arrival
	raw          int64            // the bytes of all spans when they are not compressed
	openRaw      int64
	bytes        int64 // what it takes of the limit
	logs         []otlp.Log
	logBytes     int64
	dropped      int
	removed      bool
}

// journey is a set of parts with a row.
type journey struct {
	key     string
	parts   map[*part]bool
	blocks  []block
	seen    time.Time
	raw     int64 // the bytes of all its spans when they are not compressed
	spans   int
	bytes   int64 // what it takes of the limit, without its parts
	dropped int
	// changes counts the changes of its spans, and moves those after which open spans are others than before.
	changes, moves uint64

	row      *Row
	rowBytes int64
	number   string // under which it is in the store's numbers
	facts    facts
	computed time.Time
	took     time.Duration
	failures map[string]bool // the keys for which it was counted

	arrival *list.Element
	change  *list.Element
}

// block is a compressed part of a journey's spans and logs.
type block struct {
	data, logs []byte
	spans      int
	raw        int64 // the bytes of the spans when they are not compressed
}

// all returns the parts of a trace.
func (t *trace) all() []*part {
	if t.parts == nil {
		if t.sole == nil {
			return nil
		}
		return []*part{t.sole}
	}
	parts := make([]*part, 0, len(t.parts))
	for _, p := range t.parts {
		parts = append(parts, p)
	}
	return parts
}

// holding returns the part that has a span, or nil if there is none yet.
func (t *trace) holding(spanID string) *part {
	if t.parts == nil {
		return t.sole
	}
	m, ok := t.index[spanID]
	if !ok {
		return nil
	}
	return t.parts[m.conversation]
}

// has enters a span's hash. It reports whether it was there.
func (p *part) has(hash uint64) bool {
	at, found := slices.BinarySearch(p.ids, hash)
	if !found {
		p.ids = slices.Insert(p.ids, at, hash)
	}
	return found
}

// before is the order of spans in a journey.
func before(a, b *tracetree.Span) int {
	return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.Name, b.Name), cmp.Compare(a.SpanID, b.SpanID), cmp.Compare(a.TraceID, b.TraceID))
}
