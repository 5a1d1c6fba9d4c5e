package journeys

import (
	"maps"
	"slices"
	"time"
)

// hits counts journeys by the key of the failure that was injected into them.
type hits struct {
	since time.Time // when counting began
	keys  map[string]Hit
}

// maxHitKeys is the most keys that are counted: a sender may invent them.
const maxHitKeys = 200

// hit counts a journey for each failure that its new row is the first to have.
func (s *Store) hit(j *journey, row *Row) {
	if row.Source == SourceFile {
		return
	}
	for _, key := range row.Failures {
		if j.failures[key] {
			continue
		}
		if j.failures == nil {
			j.failures = map[string]bool{}
		}
		j.failures[key] = true
		h, known := s.hits.keys[key]
		if !known {
			if len(s.hits.keys) >= maxHitKeys {
				continue
			}
			h.Since = s.hits.since
		}
		h.Journeys++
		s.hits.keys[key] = h
	}
}

// Hits counts the journeys that each injected failure has hit since [Store.ResetHits], by key. A journey stays counted when its spans
// are dropped.
func (s *Store) Hits() map[string]Hit {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.hits.keys)
}

// ResetHits counts from now for these keys, or for all if there are none.
func (s *Store) ResetHits(keys ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.options.Now()
	if len(keys) == 0 {
		s.hits.since = now
		keys = slices.Collect(maps.Keys(s.hits.keys))
	}
	for _, key := range keys {
		if _, known := s.hits.keys[key]; known || len(s.hits.keys) < maxHitKeys {
			s.hits.keys[key] = Hit{Since: now}
		}
	}
}
