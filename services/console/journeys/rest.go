package journeys

import (
	"slices"
)

// rest compresses the spans of journeys at rest. When open spans take more than a quarter of the limit, it compresses those of journeys
// in work too, the oldest first.
func (s *Store) rest() {
	for _, j := range s.resting(s.options.Limit / 4) {
		s.compress(j)
	}
}

// relieve makes room. Near the limit it compresses the open spans of the journeys that are quiet for longest, at rest or not. If that is
// not enough, it drops the oldest journeys.
func (s *Store) relieve() {
	s.mu.Lock()
	near := s.bytes > s.options.Limit/8*7 && s.openRaw > s.options.Limit/8
	if near {
		s.place()
	}
	s.mu.Unlock()
	if near {
		for _, j := range s.resting(s.options.Limit / 16) {
			s.compress(j)
		}
	}
	s.mu.Lock()
	s.evict()
	s.mu.Unlock()
}

// resting returns the journeys whose spans are to be compressed: those at rest, and as many others that not more than allowed bytes of
// spans stay open.
func (s *Store) resting(allowed int64) []*journey {
	s.mu.Lock()
	defer s.mu.Unlock()
	type candidate struct {
		*journey
		open int64
	}
	var all []candidate
	var open int64
	for j := range s.open {
		c := candidate{journey: j}
		for p := range j.parts {
			c.open += p.openRaw + p.logBytes
		}
		open += c.open
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b candidate) int { return a.seen.Compare(b.seen) })
	now := s.options.Now()
	var resting []*journey
	for _, c := range all {
		if now.Sub(c.seen) < quiet && open <= allowed {
			break
		}
		open -= c.open
		resting = append(resting, c.journey)
	}
	return resting
}

// compress replaces open spans with a block. It does the work without the lock. Spans that arrive meanwhile stay open.
func (s *Store) compress(j *journey) {
	s.sealing.Lock()
	defer s.sealing.Unlock()
	s.mu.Lock()
	if s.journeys[j.key] != j {
		s.mu.Unlock()
		return
	}
	st, moves := j.stored(), j.moves
	var inBlocks int64
	for _, b := range j.blocks {
		inBlocks += b.raw
	}
	appended := len(j.blocks) > 0 && len(j.blocks) < maxBlocks && inBlocks > leastMerged
	if appended {
		st.blocks = nil
	}
	taken := map[*part][2]int{}
	for p := range j.parts {
		taken[p] = [2]int{len(p.open), len(p.logs)}
	}
	s.mu.Unlock()

	b := seal(st.read(), st.readLogs())

	s.mu.Lock()
	defer s.mu.Unlock()
	if s.journeys[j.key] != j || j.moves != moves {
		return
	}
	delete(s.open, j)
	for p, n := range taken {
		s.close(p, n[0], n[1])
		if len(p.open) > 0 || len(p.logs) > 0 {
			s.open[j] = true
		}
	}
	if !appended {
		for _, old := range j.blocks {
			s.charge(j, -old.size())
		}
		j.blocks = nil
	}
	j.blocks = append(j.blocks, b)
	s.charge(j, b.size())
}

// rest returns what follows the first n items, in memory of its own.
func rest[T any](items []T, n int) []T {
	if n >= len(items) {
		return nil // slices.Clone of an empty slice would hold the array
	}
	return slices.Clone(items[n:])
}

// close removes the first spans and logs of a part, which are in a block now.
func (s *Store) close(p *part, spans, logs int) {
	closed := sizeOfAll(p.open) - sizeOfAll(p.open[spans:])
	var closedLogs int64
	for i := range p.logs[:logs] {
		closedLogs += logSize(&p.logs[i])
	}
	p.open, p.logs = rest(p.open, spans), rest(p.logs, logs)
	s.opened(p, -closed)
	p.logBytes -= closedLogs
	s.grow(p, -closed-closedLogs)
}
