package journeys

import (
	"traceria/telemetry/tracetree"
)

// maxIndexed is the most spans of a trace of several conversations whose conversation is known to the spans below them.
const maxIndexed = 20_000

// maxAncestors is how far up a span looks for a conversation when it arrives. [trace.late] looks further.
const maxAncestors = 1000

// partFor returns the part of a trace that a span belongs to. A trace of one conversation is whole. In a trace of several, a span
// without a conversation belongs to that of its nearest ancestor, else to the trace's own part.
func (s *Store) partFor(t *trace, span *tracetree.Span, source string) *part {
	conversation := shortened(tracetree.Conversation(*span))
	if t.parts == nil {
		switch p := t.sole; {
		case p == nil:
			t.sole = s.newPart(t, conversation, source)
			return t.sole
		case conversation == "" || conversation == p.conversation:
			return p
		case p.conversation == "":
			p.conversation = conversation
			s.changed[p] = true
			return p
		}
		s.divide(t)
	}
	return s.partIn(t, s.enter(t, span, conversation), source)
}

func (s *Store) newPart(t *trace, conversation, source string) *part {
	p := &part{trace: t, conversation: conversation, source: source}
	s.unplaced[p], s.changed[p] = true, true
	s.grow(p, partCost)
	return p
}

func (s *Store) partIn(t *trace, conversation, source string) *part {
	p := t.parts[conversation]
	if p == nil {
		p = s.newPart(t, conversation, source)
		t.parts[conversation] = p
	}
	return p
}

// divide turns a trace with one part into one with a part for each conversation.
func (s *Store) divide(t *trace) {
	p := t.sole
	if p.journey != nil {
		s.unseal(p.journey)
	}
	spans, logs := p.open, p.logs
	seen, dropped, source := p.seen, p.dropped, p.source
	s.remove(p)
	if s.traces[t.id] != t { // a trace without a part is discarded
		s.traces[t.id] = t
		s.bytes += traceCost
	}
	t.sole, t.parts, t.index = nil, map[string]*part{}, map[string]member{}
	for i := range spans { // parents may stand after their children
		s.enter(t, &spans[i], shortened(tracetree.Conversation(spans[i])))
	}
	for id, conversation := range t.late() {
		t.index[id] = member{t.index[id].parent, conversation}
	}
	for i := range spans {
		to := s.partIn(t, t.indexed(&spans[i]), source)
		s.give(to, &spans[i])
		to.seen = seen
	}
	for _, l := range logs {
		s.giveLog(t, l)
	}
	if own := t.parts[""]; own != nil {
		own.dropped = dropped
	}
	s.split[t] = true
}

// give adds a span that is in the store already.
func (s *Store) give(p *part, span *tracetree.Span) {
	if p.has(s.hash(span)) {
		return
	}
	if len(p.ids) == 1 || span.Start.Before(p.first) {
		p.first = span.Start
	}
	s.put(p, span, sizeAfter(p.open, span))
	s.link(p, span)
	s.changed[p] = true
	if p.journey != nil {
		p.journey.changes++
		s.dirty[p.journey] = true
	}
}

// enter notes a span in the index and returns its conversation. Other versions of a span stay with the first.
func (s *Store) enter(t *trace, span *tracetree.Span, conversation string) string {
	if m, known := t.index[span.SpanID]; known {
		return m.conversation
	}
	if len(t.index) >= maxIndexed {
		return conversation
	}
	if conversation == "" {
		conversation = t.conversationOf(span.ParentID)
	}
	t.index[span.SpanID] = member{span.ParentID, conversation}
	s.bytes += memberCost
	s.split[t] = true
	return conversation
}

// conversationOf returns the conversation of a span or of its nearest ancestor that has one.
func (t *trace) conversationOf(id string) string {
	for range maxAncestors { // parents may form a circle
		m, known := t.index[id]
		if !known || m.conversation != "" {
			return m.conversation
		}
		id = m.parent
	}
	return ""
}

// indexed returns the conversation under which a span is kept.
func (t *trace) indexed(span *tracetree.Span) string {
	if m, known := t.index[span.SpanID]; known {
		return m.conversation
	}
	return shortened(tracetree.Conversation(*span))
}

// late returns the conversations of spans whose ancestors have arrived after them. It looks at each span once.
func (t *trace) late() map[string]string {
	late, seen := map[string]string{}, map[string]bool{}
	for id := range t.index {
		var path []string
		conversation := ""
		for {
			m, known := t.index[id]
			if !known || seen[id] {
				conversation = late[id]
				break
			}
			if m.conversation != "" {
				conversation = m.conversation
				break
			}
			seen[id] = true
			path = append(path, id)
			id = m.parent
		}
		for _, below := range path {
			if conversation != "" {
				late[below] = conversation
			}
		}
	}
	return late
}

// settle moves spans out of the trace's own part when their ancestors have arrived.
func (s *Store) settle(t *trace) {
	delete(s.split, t)
	own := t.parts[""]
	if own == nil {
		return
	}
	late := t.late()
	if len(late) == 0 {
		return
	}
	if own.journey != nil {
		s.unseal(own.journey)
	}
	for id, conversation := range late {
		t.index[id] = member{t.index[id].parent, conversation}
	}
	spans := own.open
	s.unlink(own)
	s.empty(own)
	for i := range spans {
		to := own
		if conversation, moved := late[spans[i].SpanID]; moved {
			to = s.partIn(t, conversation, own.source)
			to.seen = own.seen
		}
		s.give(to, &spans[i])
	}
	if len(own.ids) == 0 {
		s.remove(own)
	}
}

// empty takes all spans, which are not compressed, out of a part.
func (s *Store) empty(p *part) {
	if p.journey != nil {
		p.journey.raw -= p.raw
		p.journey.spans -= len(p.ids)
	}
	s.grow(p, -p.raw-int64(len(p.ids))*hashCost)
	s.opened(p, -p.openRaw)
	p.open, p.ids, p.raw = nil, nil, 0
}
