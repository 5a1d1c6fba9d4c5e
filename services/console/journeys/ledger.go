package journeys

import (
	"slices"
	"strings"
)

// The bytes that the parts of the store take beside their contents. TestTheAccountIsHonest compares the sum with the heap.
const (
	traceCost   = 160
	partCost    = 320
	linkCost    = 160
	memberCost  = 130
	journeyCost = 700
	blockCost   = 48
	hashCost    = 10
	spanCost    = 560
)

// gone counts what a limit took.
type gone struct{ journeys, spans int }

// removal is the id of a row that is gone, with the version of that change.
type removal struct {
	version uint64
	id      string
}

// maxRemovals is the most removals that a reader can ask for. Older ones make its list reset.
const maxRemovals = 10_000

// grow adds to what a part takes.
func (s *Store) grow(p *part, by int64) {
	p.bytes += by
	s.bytes += by
}

// opened adds to the open spans of a part.
func (s *Store) opened(p *part, by int64) {
	p.openRaw += by
	s.openRaw += by
}

// charge adds to what a journey takes beside its parts.
func (s *Store) charge(j *journey, by int64) {
	j.bytes += by
	s.bytes += by
}

// evict drops the journeys with the oldest last arrival until the rest is within the limit.
func (s *Store) evict() {
	for s.bytes > s.options.Limit {
		oldest := s.arrival.Front()
		if oldest == nil {
			if len(s.unplaced) == 0 {
				return
			}
			s.place()
			continue
		}
		j := oldest.Value.(*journey)
		if len(j.parts) > 0 {
			s.gone.journeys++
			s.gone.spans += j.spans
		}
		s.forget(j)
	}
}

// forget removes a journey with all its parts.
func (s *Store) forget(j *journey) {
	for p := range j.parts {
		s.remove(p)
	}
	s.arrival.Remove(j.arrival)
	if j.change != nil {
		s.byChange.Remove(j.change)
	}
	delete(s.journeys, j.key)
	if s.numbers[j.number] == j {
		delete(s.numbers, j.number)
	}
	delete(s.dirty, j)
	delete(s.open, j)
	delete(s.moving, j)
	s.charge(j, -j.bytes)
	j.blocks = nil
	if j.row != nil {
		s.version++
		s.removed = append(s.removed, removal{s.version, j.row.ID})
		s.changedRows()
		j.row = nil
	}
	if len(s.removed) > maxRemovals {
		s.removed = slices.Clone(s.removed[len(s.removed)-maxRemovals/2:])
		s.first = max(s.first, s.removed[0].version-1)
	}
}

// remove removes a part with its spans. The spans of it in the blocks of its journey go with the journey.
func (s *Store) remove(p *part) {
	if p.journey != nil {
		s.detach(p)
	}
	p.removed = true
	delete(s.unplaced, p)
	delete(s.changed, p)
	t := p.trace
	s.unlink(p)
	if t.parts == nil {
		t.sole = nil
	} else {
		delete(t.parts, p.conversation)
	}
	s.grow(p, -p.bytes)
	s.opened(p, -p.openRaw)
	p.open, p.ids, p.logs = nil, nil, nil // a list of the background work may hold the part for a while
	s.discard(t)
}

// discard removes a trace without parts and without links to it.
func (s *Store) discard(t *trace) {
	if t.sole != nil || len(t.parts) > 0 || len(t.linkers) > 0 || s.traces[t.id] != t {
		return
	}
	s.bytes -= traceCost + int64(len(t.index))*memberCost
	delete(s.traces, t.id)
	delete(s.split, t)
}

// maxShown is the most bytes of a text in a row.
const maxShown = 200

// shortened cuts a text that is too long for a row, and copies it, so that a row does not hold a large text in memory.
func shortened(s string) string {
	if len(s) <= maxShown {
		return s
	}
	return strings.ToValidUTF8(strings.Clone(s[:maxShown]), "") + "…"
}
