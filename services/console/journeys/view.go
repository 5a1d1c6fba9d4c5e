package journeys

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"traceria/telemetry/otlp"
	"traceria/telemetry/tracetree"
)

// view is all rows at one version. Readers share it: rows never change after they are shown.
type view struct {
	version uint64
	rows    []*Row // by version
	counts  map[State]int
	// commands counts those rows that are commands.
	commands map[State]int
}

// counted returns the number of rows that a choice lets through, and how many of them are in each state.
func (v *view) counted(c Commands) (total int, counts map[State]int) {
	counts = map[State]int{}
	for state, n := range v.counts {
		switch c {
		case WithoutCommands:
			n -= v.commands[state]
		case OnlyCommands:
			n = v.commands[state]
		}
		counts[state] = n
		total += n
	}
	return total, counts
}

// changedRows makes the view out of date and wakes every reader that waits for a change.
func (s *Store) changedRows() {
	s.view = nil
	close(s.news)
	s.news = make(chan struct{})
}

// now returns all rows.
func (s *Store) now() *view {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current()
}

func (s *Store) current() *view {
	if s.view != nil {
		return s.view
	}
	v := &view{version: s.version, rows: make([]*Row, 0, s.byChange.Len()), counts: map[State]int{}, commands: map[State]int{}}
	for _, state := range states {
		v.counts[state] = 0
	}
	for e := s.byChange.Front(); e != nil; e = e.Next() {
		row := e.Value.(*journey).row
		v.rows = append(v.rows, row)
		v.counts[row.State]++
		if row.Command {
			v.commands[row.State]++
		}
	}
	s.view = v
	return v
}

// Version is the newest version.
func (s *Store) Version() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.version
}

// Counts is the number of rows by state. Each state has an entry.
func (s *Store) Counts() map[State]int { return maps.Clone(s.now().counts) }

// Rows returns a part of the list of rows that match. limit 0 means all.
func (s *Store) Rows(f Filter, sort Sort, limit, offset int) Page {
	v := s.now()
	matching := s.match(v.rows, f)
	p := Page{Matching: len(matching), Version: v.version, Rows: []Row{}}
	p.Total, p.Counts = v.counted(f.Commands)
	slices.SortFunc(matching, orderOf(sort))
	matching = matching[min(max(offset, 0), len(matching)):]
	if limit > 0 {
		matching = matching[:min(limit, len(matching))]
	}
	for _, row := range matching {
		p.Rows = append(p.Rows, *row)
	}
	return p
}

func orderOf(sort Sort) func(a, b *Row) int {
	switch sort {
	case Newest:
		return func(a, b *Row) int { return byStart(b, a) }
	case Oldest:
		return byStart
	case Slowest:
		return func(a, b *Row) int { return cmp.Or(cmp.Compare(b.DurationMS, a.DurationMS), byStart(b, a)) }
	default:
		return byAttention
	}
}

func byStart(a, b *Row) int { return cmp.Or(a.Start.Compare(b.Start), strings.Compare(a.ID, b.ID)) }

// byAttention puts the gravest state first, and within a state the longest in it. Of those that are done, the newest come first.
func byAttention(a, b *Row) int {
	if c := cmp.Compare(a.State.gravity(), b.State.gravity()); c != 0 {
		return c
	}
	if a.State == Done {
		return byStart(b, a)
	}
	return cmp.Or(a.since().Compare(b.since()), byStart(a, b))
}

// since is when a journey came into its state.
func (r *Row) since() time.Time {
	if r.Where != nil {
		return r.Where.Since
	}
	return r.Start
}

// find returns the journey of a conversation, an order number or a trace.
func (s *Store) find(id string) *journey {
	if j := s.journeys[id]; j != nil {
		return j
	}
	if j := s.numbers[id]; j != nil {
		return j
	}
	t := s.traces[strings.ToLower(id)]
	if t == nil {
		return nil
	}
	var found *journey
	for _, p := range t.all() {
		if p.journey != nil && (found == nil || p.conversation == "" || p.first.Before(found.row0())) {
			found = p.journey
		}
	}
	return found
}

func (j *journey) row0() time.Time {
	if j.row == nil {
		return time.Time{}
	}
	return j.row.Start
}

// Find returns the journey of a conversation, an order number (ORD17) or a trace id. A journey of several traces is found by each.
func (s *Store) Find(id string) (Row, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if j := s.find(id); j != nil && j.row != nil {
		return *j.row, true
	}
	return Row{}, false
}

func (s *Store) read(id string) (stored, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	j := s.find(id)
	if j == nil {
		return stored{}, false
	}
	return j.stored(), true
}

// Spans returns the spans of a journey, by start. id is as for [Store.Find]. Attributes are shared: do not change them.
func (s *Store) Spans(id string) ([]tracetree.Span, bool) {
	st, ok := s.read(id)
	if !ok {
		return nil, false
	}
	return st.read(), true
}

// Logs returns the log records of a journey, by time.
func (s *Store) Logs(id string) []otlp.Log {
	st, _ := s.read(id)
	return st.readLogs()
}

// Each calls visit for each journey that matches, the newest start first, until it returns false or limit journeys were visited.
// limit 0 means all. It stops after maxEach bytes of spans, because the caller may keep them.
func (s *Store) Each(f Filter, limit int, visit func(row Row, spans []tracetree.Span) bool) {
	rows := s.match(s.now().rows, f)
	slices.SortFunc(rows, orderOf(Newest))
	if limit > 0 {
		rows = rows[:min(limit, len(rows))]
	}
	var read int64
	for _, row := range rows {
		st, ok := s.read(row.ID)
		if !ok {
			continue
		}
		if read += st.raw; read > maxEach || !visit(*row, st.read()) {
			return
		}
	}
}

// maxEach is the most bytes of spans that one call of Each reads: about 1,000 orders.
const maxEach = 64 << 20

// Memory says what the store holds.
func (s *Store) Memory() Memory {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := Memory{Bytes: s.bytes, LimitBytes: s.options.Limit, DroppedJourneys: s.gone.journeys, DroppedSpans: s.gone.spans}
	for _, row := range s.current().rows {
		m.Journeys++
		m.Spans += row.Spans
		if m.Oldest == nil || row.Start.Before(*m.Oldest) {
			start := row.Start
			m.Oldest = &start
		}
	}
	return m
}

// OldestWaiting returns the age of the oldest message that waits in a queue, by queue, as far as the spans tell.
func (s *Store) OldestWaiting() map[string]time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.options.Now()
	ages := map[string]time.Duration{}
	for _, j := range s.journeys {
		if j.facts.file {
			continue
		}
		for _, w := range j.facts.waits {
			ages[w.queue] = max(ages[w.queue], now.Sub(w.since))
		}
	}
	return ages
}

// Wait returns when there is a change after a version, or with the error of ctx. It returns [ErrClosed] when the store is closed.
func (s *Store) Wait(ctx context.Context, after uint64) error {
	for {
		s.mu.Lock()
		version, news := s.version, s.news
		s.mu.Unlock()
		if version != after {
			return nil
		}
		select {
		case <-news:
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-s.closing:
			return ErrClosed
		}
	}
}
