package otelamqp

// TraceMode says how the process span of a message relates to the span that sent it.
type TraceMode int

const (
	// Parent makes the process span a child of the send span and links it to it as well: one trace from end to end. Under
	// an ambient span (the context given to Process holds one already) that span stays the parent, and the link leads
	// to the send span.
	Parent TraceMode = iota
	// Link starts a new trace with a link to the send span, and to the ambient span when there is one.
	Link
	// None starts a new trace without any link, as systems that lose the context do. The baggage is kept.
	None
)

// String returns the name of the mode: parent, link or none.
func (m TraceMode) String() string {
	switch m {
	case Link:
		return "link"
	case None:
		return "none"
	default:
		return "parent"
	}
}
