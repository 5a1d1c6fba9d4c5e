package otelamqp

// TraceMode is the relation between the process span of a message and its send span (semconv, messaging spans, "Trace
// structure").
type TraceMode int

const (
	// Parent makes the process span a child of the send span, with a link to it: one trace from end to end. If the
	// context given to Process holds a span (the ambient span), that span is the parent, and the link remains.
	Parent TraceMode = iota
	// Link starts a new trace with a link to the send span, and to the ambient span if there is one.
	Link
	// None starts a new trace without links. It shows a system that loses the context. The baggage is kept.
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
