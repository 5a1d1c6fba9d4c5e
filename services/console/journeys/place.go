package journeys

import (
	"maps"
	"slices"
)

// place puts the changed parts into their journeys.
func (s *Store) place() {
	for t := range s.split {
		s.settle(t)
	}
	for range maxRounds {
		if len(s.changed) == 0 {
			break
		}
		s.placeChanged()
	}
	for j := range s.dirty {
		if len(j.parts) == 0 {
			s.forget(j)
		}
	}
}

// maxRounds limits the rounds of one step: placing a part may change other parts. The rest waits for the next step.
const maxRounds = 3

func (s *Store) placeChanged() {
	// the last arrival comes last: its journey then is near its place in the order of arrivals (see sortArrival)
	changed := slices.SortedFunc(maps.Keys(s.changed), func(a, b *part) int { return a.seen.Compare(b.seen) })
	s.changed = map[*part]bool{}
	done := map[*part]bool{}
	for _, p := range changed {
		switch {
		case p.removed:
		case p.conversation == "":
			s.placeLinked(p, done)
		default:
			near := s.neighbours(p)
			s.assign([]*part{p}, p.conversation)
			for _, q := range near {
				if q.conversation == "" && !q.removed {
					s.placeLinked(q, done)
				}
			}
		}
	}
}

// placeLinked puts a part without a conversation into one journey with all such parts that links lead to, and with the conversation
// that they are linked with. If they are linked with several, the first by name has them: a journey is never in two conversations.
func (s *Store) placeLinked(p *part, done map[*part]bool) {
	if done[p] {
		return
	}
	group := []*part{p}
	done[p] = true
	key, first := "", p
	for i := 0; i < len(group); i++ {
		if earlier(group[i], first) {
			first = group[i]
		}
		for _, q := range s.neighbours(group[i]) {
			switch {
			case q.conversation != "":
				if key == "" || q.conversation < key {
					key = q.conversation
				}
			case !done[q] && len(group) < maxParts:
				done[q] = true
				group = append(group, q)
			}
		}
	}
	if key == "" {
		key = first.trace.id
	}
	s.assign(group, key)
}

func earlier(a, b *part) bool {
	if c := a.first.Compare(b.first); c != 0 {
		return c < 0
	}
	return a.trace.id < b.trace.id
}

// assign puts parts into the journey with a key. A part that the limits of the journey do not let in is dropped if it is of the
// conversation, and else becomes a journey of its own.
func (s *Store) assign(parts []*part, key string) {
	to := s.journey(key)
	leaving := map[*journey]int{}
	for _, p := range parts {
		if p.journey != nil && p.journey != to {
			leaving[p.journey]++
		}
	}
	for from, n := range leaving {
		if n == len(from.parts) && from.raw+to.raw <= s.options.JourneyLimit && len(from.parts)+len(to.parts) <= maxParts {
			s.merge(from, to)
		}
	}
	for _, p := range parts {
		if p.journey != to {
			s.moveInto(p, to)
		}
	}
}

func (s *Store) moveInto(p *part, to *journey) {
	full := p.raw+to.raw > s.options.JourneyLimit || len(to.parts) >= maxParts
	switch {
	case full && p.conversation != "":
		s.gone.spans += len(p.ids)
		to.dropped += len(p.ids)
		s.dirty[to] = true
		s.remove(p)
		return
	case full && p.journey != nil:
		return
	case full:
		to = s.journey(p.trace.id)
	}
	if from := p.journey; from != nil {
		s.unseal(from)
		s.detach(p)
	}
	s.attach(p, to)
}

// merge moves all of a journey.
func (s *Store) merge(from, to *journey) {
	for _, b := range from.blocks {
		to.blocks = append(to.blocks, b)
		s.charge(to, b.size())
		s.charge(from, -b.size())
	}
	from.blocks = nil
	to.dropped += from.dropped
	from.dropped = 0
	for key := range from.failures {
		if to.failures == nil {
			to.failures = map[string]bool{}
		}
		to.failures[key] = true
	}
	for p := range from.parts {
		s.detach(p)
		s.attach(p, to)
	}
}

// attach puts a part without a journey into one.
func (s *Store) attach(p *part, to *journey) {
	delete(s.unplaced, p)
	p.journey = to
	to.parts[p] = true
	to.raw += p.raw
	to.spans += len(p.ids)
	to.dropped += p.dropped
	p.dropped = 0
	if p.seen.After(to.seen) {
		to.seen = p.seen
	}
	s.sortArrival(to)
	to.changes++
	to.moves++
	s.dirty[to] = true
	if len(p.open) > 0 || len(p.logs) > 0 {
		s.open[to] = true
	}
}

// detach takes a part, whose spans are not compressed or whose journey's blocks were moved, out of its journey.
func (s *Store) detach(p *part) {
	from := p.journey
	p.journey = nil
	delete(from.parts, p)
	from.raw -= p.raw
	from.spans -= len(p.ids)
	from.changes++
	from.moves++
	s.dirty[from] = true
	s.unplaced[p] = true
}

// sortArrival puts a journey to its place in the order of last arrivals.
func (s *Store) sortArrival(j *journey) {
	at := s.arrival.Back()
	for at != nil && (at == j.arrival || at.Value.(*journey).seen.After(j.seen)) {
		at = at.Prev()
	}
	if at == nil {
		s.arrival.MoveToFront(j.arrival)
		return
	}
	s.arrival.MoveAfter(j.arrival, at)
}

// journey returns the journey with a key, which may be new.
func (s *Store) journey(key string) *journey {
	j := s.journeys[key]
	if j == nil {
		j = &journey{key: key, parts: map[*part]bool{}}
		j.arrival = s.arrival.PushFront(j)
		s.journeys[key] = j
		s.dirty[j] = true
		s.charge(j, journeyCost)
	}
	return j
}
