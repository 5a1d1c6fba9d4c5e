package journeys

import (
	"slices"

	"traceria/telemetry/tracetree"
)

const (
	// maxParts is the most parts of a journey.
	maxParts = 2000
	// maxPartLinks is the most traces that a part is joined with by its own links, and maxLinkers by those of others.
	maxPartLinks = 64
	maxLinkers   = 1000
)

// link notes the links of a span to other traces.
func (s *Store) link(p *part, span *tracetree.Span) {
	for _, l := range span.Links {
		if l.TraceID == p.trace.id || len(p.links) >= maxPartLinks || !isID(l.TraceID, 16) || p.linksTo(l) {
			continue
		}
		target := s.trace(l.TraceID)
		if len(target.linkers) >= maxLinkers {
			continue
		}
		p.links = append(p.links, tracetree.Link{TraceID: l.TraceID, SpanID: l.SpanID})
		if !slices.Contains(target.linkers, p) {
			target.linkers = append(target.linkers, p)
		}
		s.grow(p, linkCost)
		s.changed[p] = true
	}
}

// unlink forgets the links of a part. The parts at their other ends are placed again.
func (s *Store) unlink(p *part) {
	for _, q := range s.neighbours(p) {
		if q.conversation == "" {
			s.changed[q] = true
		}
	}
	for _, l := range p.links {
		if target := s.traces[l.TraceID]; target != nil {
			target.linkers = slices.DeleteFunc(target.linkers, func(q *part) bool { return q == p })
			s.discard(target)
		}
	}
	s.grow(p, -int64(len(p.links))*linkCost)
	p.links = nil
}

func (p *part) linksTo(l tracetree.Link) bool {
	for _, known := range p.links {
		if known.TraceID == l.TraceID && known.SpanID == l.SpanID {
			return true
		}
	}
	return false
}

// neighbours are the parts that a part is linked with, in both directions.
func (s *Store) neighbours(p *part) []*part {
	var near []*part
	for _, l := range p.links {
		if t := s.traces[l.TraceID]; t != nil {
			if q := t.holding(l.SpanID); q != nil && q != p {
				near = append(near, q)
			}
		}
	}
	for _, q := range p.trace.linkers {
		for _, l := range q.links {
			if q != p && l.TraceID == p.trace.id && p.trace.holding(l.SpanID) == p {
				near = append(near, q)
				break
			}
		}
	}
	return near
}
