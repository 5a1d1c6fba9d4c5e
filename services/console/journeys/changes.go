package journeys

import (
	"slices"
	"sort"
)

// maxReset is the most rows after a reset.
const maxReset = 5000

// Changes returns what changed after a version, as a reader with this filter sees it.
func (s *Store) Changes(after uint64, f Filter) Changes {
	s.mu.Lock()
	v := s.current()
	c := Changes{Version: s.version, Reset: after < s.first || after > s.version}
	c.Total, c.Counts = v.counted(f.Commands)
	gone := map[string]bool{}
	if !c.Reset {
		from := sort.Search(len(s.removed), func(i int) bool { return s.removed[i].version > after })
		for _, r := range s.removed[from:] {
			if j := s.journeys[r.id]; j == nil || j.row == nil {
				gone[r.id] = true
			}
		}
	}
	s.mu.Unlock()
	matching := s.match(v.rows, f) // by version
	c.Matching = len(matching)
	if c.Reset {
		c.Rows = newest(matching)
		return c
	}
	first := sort.Search(len(matching), func(i int) bool { return matching[i].Version > after })
	shown := map[string]bool{}
	for _, row := range matching[first:] {
		c.Rows = append(c.Rows, *row)
		shown[row.ID] = true
	}
	first = sort.Search(len(v.rows), func(i int) bool { return v.rows[i].Version > after })
	for _, row := range v.rows[first:] {
		if !shown[row.ID] {
			gone[row.ID] = true
		}
	}
	for id := range gone {
		c.Removed = append(c.Removed, id)
	}
	slices.Sort(c.Removed)
	return c
}

// newest returns the rows with the newest start, by version.
func newest(rows []*Row) []Row {
	if len(rows) > maxReset {
		rows = slices.Clone(rows)
		slices.SortFunc(rows, orderOf(Newest))
		rows = rows[:maxReset]
		slices.SortFunc(rows, func(a, b *Row) int { return int(a.Version) - int(b.Version) })
	}
	out := make([]Row, len(rows))
	for i, row := range rows {
		out[i] = *row
	}
	return out
}
