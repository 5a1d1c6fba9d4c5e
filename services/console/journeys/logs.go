package journeys

import (
	"time"

	"traceria/telemetry/otlp"
)

const (
	// maxLogs is the most bytes of open logs of a part.
	maxLogs = 512 << 10
	// maxWaitingLogs is the most bytes of logs whose trace has no span yet.
	maxWaitingLogs = 1 << 20
)

// waitingLogs are logs whose trace is not known yet, the oldest first.
type waitingLogs struct {
	logs  []otlp.Log
	bytes int64
}

// AddLogs keeps log records that belong to a trace. It drops the others. Records that come before the spans of their trace wait for
// them.
func (s *Store) AddLogs(logs []otlp.Log) {
	now := s.options.Now()
	defer s.relieve()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range logs {
		t := s.traces[l.TraceID]
		switch {
		case !isID(l.TraceID, 16):
		case t == nil || t.sole == nil && len(t.parts) == 0:
			s.await(l)
		default:
			if p := s.giveLog(t, l); p != nil && p.journey != nil {
				p.journey.seen = later(p.journey.seen, now)
			}
		}
	}
}

// await keeps a log until its trace has a span. The oldest give way.
func (s *Store) await(l otlp.Log) {
	s.waiting.logs = append(s.waiting.logs, l)
	s.waiting.bytes += logSize(&l)
	s.bytes += logSize(&l)
	drop := 0
	for s.waiting.bytes > maxWaitingLogs && drop < len(s.waiting.logs) {
		size := logSize(&s.waiting.logs[drop])
		s.waiting.bytes -= size
		s.bytes -= size
		drop++
	}
	s.waiting.logs = s.waiting.logs[drop:]
}

// arriveLogs gives waiting logs to traces that have become known.
func (s *Store) arriveLogs() {
	var rest []otlp.Log
	for _, l := range s.waiting.logs {
		t := s.traces[l.TraceID]
		if t == nil || t.sole == nil && len(t.parts) == 0 {
			rest = append(rest, l)
			continue
		}
		s.waiting.bytes -= logSize(&l)
		s.bytes -= logSize(&l)
		s.giveLog(t, l)
	}
	s.waiting.logs = rest
}

// giveLog adds a log to the part of its span. It returns nil if there is no room.
func (s *Store) giveLog(t *trace, l otlp.Log) *part {
	if t == nil {
		return nil
	}
	p := t.holding(l.SpanID)
	if p == nil {
		p = t.parts[""]
	}
	size := logSize(&l)
	if p == nil || p.logBytes+size > maxLogs {
		return nil
	}
	p.logs = append(p.logs, l)
	p.logBytes += size
	s.grow(p, size)
	if p.journey != nil {
		s.open[p.journey] = true
	}
	return p
}

// logSize is the memory of a log record in bytes.
func logSize(l *otlp.Log) int64 {
	return 160 + textSize(l.Body) + textSize(l.TraceID) + textSize(l.SpanID) + mapSize(l.Attributes)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
