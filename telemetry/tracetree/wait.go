package tracetree

// workedOut begins the note about a wait that no attribute tells.
const (
	workedOut       = waitedWord + " ~"
	workedOutLegend = workedOut + ": from the end of the send span to the start of this span, because no attribute tells the wait"
)

// note returns the wait for a person. One that no attribute tells has a tilde: clocks may differ.
func (w Waited) note() string {
	switch {
	case !w.Known:
		return ""
	case w.Told:
		return waitedWord + " " + shortDuration(w.Time)
	case w.Time == 0:
		return workedOut + "0 ms"
	default:
		return workedOut + shortDuration(w.Time)
	}
}

// warn returns the node's warning, or one about clocks that disagree. parent is that of the span, or nil.
func (n *Node) warn(parent *Node) string {
	switch early := n.message().early; {
	case n.Warning != "":
		return n.Warning
	case n.ParentID != "" && parent != nil && n.Start.Before(parent.Start):
		return "starts before its parent"
	case early != nil:
		return "starts before its message was sent: the clocks of " + n.Service + " and " + early.Service + " disagree"
	default:
		return ""
	}
}
