package tracetree

import (
	"slices"
	"time"
)

// inside explains the time of n since from: its calls, and the rest as its own work.
func (w *walker) inside(hop, n *Node, from time.Time) {
	calls := callsOf(n)
	for w.cursor.After(from) {
		var call *Node
		if call, calls = latestCall(calls, from, w.cursor); call == nil {
			break
		}
		w.own(hop, n, call.End())
		w.inside(hop, call, later(call.Start, from))
	}
	w.own(hop, n, from)
}

// callsOf returns the children that n waited for, the last end first.
func callsOf(n *Node) []*Node {
	if len(n.Children) == 0 {
		return nil
	}
	calls := make([]*Node, 0, len(n.Children))
	for _, child := range n.Children {
		if !child.isSend() && !child.isProcess() && child.Duration > 0 {
			calls = append(calls, child)
		}
	}
	slices.SortStableFunc(calls, func(a, b *Node) int { return b.End().Compare(a.End()) })
	return calls
}

// latestCall returns the call that ended last within a time, or nil, and the calls that ended before it. Of those that go on
// behind the time it is the one that started first, which explains all that the others do.
func latestCall(calls []*Node, from, to time.Time) (latest *Node, rest []*Node) {
	for len(calls) > 0 && !calls[0].End().Before(to) {
		if c := calls[0]; c.Start.Before(to) && (latest == nil || c.Start.Before(latest.Start)) {
			latest = c
		}
		calls = calls[1:]
	}
	if latest == nil && len(calls) > 0 && calls[0].End().After(from) {
		latest, calls = calls[0], calls[1:]
	}
	return latest, calls
}
