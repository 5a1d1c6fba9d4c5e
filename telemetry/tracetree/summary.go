package tracetree

import (
	"slices"
	"time"
)

// Summary adds up a journey for a list of them.
type Summary struct {
	Spans    int
	Start    time.Time
	End      time.Time
	Root     string   // the name of the first span
	Services []string // by name
	Traces   []string // ids, the first trace first
	// Subjects are the routing keys, topics or queues of the messages, in the order of their first span in the tree.
	Subjects []string
	Errors   int
	// Attempts is the greatest number of a delivery.
	Attempts int
	Redriven int
	Failures []string // keys of injected failures, by name
	// Waits, BackOffs and Works are sums over the spans that handle messages and the requests at the top.
	Waits, BackOffs, Works time.Duration
	// LongestWait is the longest wait in a queue, and LongestQueue that queue.
	LongestWait  time.Duration
	LongestQueue string
}

// Summarize adds up the spans of a tree, which is a joined one ([Join]) if links lead from trace to trace.
func Summarize(t *Tree) Summary {
	s := Summary{}
	t.Walk(func(n *Node, depth int) { s.add(n, depth) })
	slices.Sort(s.Services)
	slices.Sort(s.Failures)
	return s
}

func (s *Summary) add(n *Node, depth int) {
	if s.Spans == 0 || n.Start.Before(s.Start) {
		s.Start, s.Root = n.Start, n.Name
	}
	if s.Spans == 0 || n.End().After(s.End) {
		s.End = n.End()
	}
	s.Spans++
	s.Services, s.Traces = with(s.Services, n.Service), with(s.Traces, n.TraceID)
	for _, key := range n.injections() {
		s.Failures = with(s.Failures, key)
	}
	if n.failed() {
		s.Errors++
	}
	if m, is := n.Messaging(); is && (n.Sends() || n.Handles()) {
		s.Subjects = with(s.Subjects, m.Subject())
	}
	if n.Handles() {
		s.handled(n)
	} else if depth == 0 {
		s.Works += n.Duration
	}
}

func (s *Summary) handled(n *Node) {
	s.Attempts = max(s.Attempts, n.Attempt())
	s.Works += n.Duration
	if w := n.Queued(); w.Known {
		s.Waits += w.Time
		if w.Time > s.LongestWait {
			s.LongestWait, s.LongestQueue = w.Time, n.message().Queue
		}
	}
	if d, again := n.BackOff(); again {
		s.BackOffs += d
		if n.Before().Settled() == "dead" {
			s.Redriven++
		}
	}
}

// with appends a text that is not in the list, which is short. It ignores "".
func with(list []string, text string) []string {
	if text == "" || slices.Contains(list, text) || len(list) >= mostNames {
		return list
	}
	return append(list, text)
}

// mostNames limits the lists of a summary: services, traces and subjects of one journey.
const mostNames = 200
