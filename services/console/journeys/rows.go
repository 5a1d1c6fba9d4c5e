package journeys

import (
	"maps"
	"slices"
	"time"

	"traceria/telemetry/tracetree"
)

// chunk is the number of journeys that are read under one lock.
const chunk = 32

// job is a row to work out.
type job struct {
	*journey
	stored
	changes uint64
	file    bool
	row     *Row
	facts   facts
	began   time.Time
}

// rows works out the rows of changed journeys.
func (s *Store) rows(all bool) {
	routing := tracetree.Routing{}
	if s.options.Routing != nil {
		routing = s.options.Routing()
	}
	due := s.due(all)
	for part := range slices.Chunk(due, chunk) {
		jobs := s.begin(part)
		for i := range jobs {
			j := &jobs[i]
			j.began = time.Now()
			j.row, j.facts = s.compute(j.read(), routing)
			j.facts.file = j.file
		}
		s.publish(jobs)
		s.relieve()
	}
}

// due returns the journeys whose rows are out of date, the oldest change first. A row that takes long is worked out less often.
func (s *Store) due(all bool) []*journey {
	s.mu.Lock()
	defer s.mu.Unlock()
	if news := s.routes.fresh(); len(news) > 0 {
		for _, j := range s.journeys {
			if slices.ContainsFunc(j.facts.sends, func(d destination) bool { return news[d] }) {
				s.dirty[j] = true
			}
		}
	}
	now := time.Now()
	var due []*journey
	for j := range s.dirty {
		if all || now.Sub(j.computed) >= max(pace, 10*j.took) {
			due = append(due, j)
		}
	}
	slices.SortFunc(due, func(a, b *journey) int { return a.seen.Compare(b.seen) })
	return due
}

// begin takes what journeys have.
func (s *Store) begin(due []*journey) []job {
	s.mu.Lock()
	defer s.mu.Unlock()
	jobs := make([]job, 0, len(due))
	for _, j := range due {
		if s.journeys[j.key] != j || len(j.parts) == 0 {
			continue
		}
		delete(s.dirty, j)
		one := job{journey: j, stored: j.stored(), changes: j.changes, file: true}
		for p := range j.parts {
			one.file = one.file && p.source == SourceFile
		}
		jobs = append(jobs, one)
	}
	return jobs
}

// publish shows rows to readers.
func (s *Store) publish(jobs []job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.options.Now()
	for i := range jobs {
		j := &jobs[i]
		if s.journeys[j.key] != j.journey || j.row.Spans == 0 {
			continue
		}
		j.computed, j.took = time.Now(), time.Since(j.began)
		j.journey.facts = j.facts
		row := j.row
		row.ID, row.Source, row.Seen, row.Dropped = j.key, SourceOTLP, j.seen, j.dropped
		if j.file {
			row.Source = SourceFile
		}
		row.Command = !j.file && s.options.Command != nil && s.options.Command(row)
		row.State, row.Where = j.facts.at(now, j.seen, s.options.StuckAfter)
		s.hit(j.journey, row)
		s.number(j.journey, row.Number)
		s.show(j.journey, row)
	}
}

// number makes a journey known by its order number.
func (s *Store) number(j *journey, number string) {
	if j.number == number || number == "" {
		return
	}
	if s.numbers[j.number] == j {
		delete(s.numbers, j.number)
	}
	j.number = number
	s.numbers[number] = j
}

// show makes row the row of a journey, with a new version.
func (s *Store) show(j *journey, row *Row) {
	s.version++
	row.Version = s.version
	size := rowSize(row) + j.facts.size()
	s.charge(j, size-j.rowBytes)
	j.row, j.rowBytes = row, size
	if j.change == nil {
		j.change = s.byChange.PushBack(j)
	} else {
		s.byChange.MoveToBack(j.change)
	}
	if j.facts.settled(row.State) {
		delete(s.moving, j)
	} else {
		s.moving[j] = true
	}
	s.changedRows()
}

// look changes the states that depend on the time.
func (s *Store) look() {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.options.Now()
	for _, j := range slices.Collect(maps.Keys(s.moving)) {
		state, place := j.facts.at(now, j.seen, s.options.StuckAfter)
		if j.row == nil || state == j.row.State {
			continue
		}
		row := *j.row
		row.State, row.Where = state, place
		s.show(j, &row)
	}
}

// rowSize is the memory of a row in bytes.
func rowSize(r *Row) int64 {
	size := int64(480 + 96*len(r.Track) + 16*(len(r.Traces)+len(r.Services)+len(r.Events)+len(r.Failures)))
	size -= 32 * int64(len(r.Track)) // a stage has 64 bytes
	for _, list := range [][]string{{r.ID, r.Root, r.Customer, r.Number}, r.Traces} {
		for _, text := range list {
			size += textSize(text)
		}
	}
	for _, list := range [][]string{r.Services, r.Events, r.Failures} {
		for _, name := range list {
			size += nameSize(name)
		}
	}
	for i := range r.Track {
		size += nameSize(r.Track[i].Place)
	}
	return size
}

// size is the memory of the facts in bytes.
func (f *facts) size() int64 {
	size := int64(64*len(f.waits) + 32*len(f.sends))
	for i := range f.waits {
		size += nameSize(f.waits[i].queue)
	}
	for i := range f.sends {
		size += nameSize(f.sends[i].exchange) + nameSize(f.sends[i].key)
	}
	return size
}
