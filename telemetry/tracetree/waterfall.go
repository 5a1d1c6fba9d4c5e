package tracetree

import "time"

// Waterfall is a story drawn over time: a row for each span, with the wait and the back-off before it apart from its work.
type Waterfall struct {
	// Start and End are the times of the first start and the last end.
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
	Rows  []Row     `json:"rows"`
	// Links are all links between spans, except the parents' own.
	Links []RowLink `json:"links"`
}

// Row is a span in a [Waterfall]. Times in JSON are numbers of milliseconds. StartMS counts from the start of the waterfall.
type Row struct {
	TraceID TraceID `json:"traceId"`
	SpanID  SpanID  `json:"spanId"`
	// Parent is the index of the row above in the tree, or -1. Depth is 0 for a root.
	Parent  int    `json:"parent"`
	Depth   int    `json:"depth"`
	Name    string `json:"name"`
	Service string `json:"service"`
	Kind    string `json:"kind"`
	// Failed reports an error, and Error says which.
	Failed     bool    `json:"failed,omitempty"`
	Error      string  `json:"error,omitempty"`
	StartMS    float64 `json:"startMs"`
	DurationMS float64 `json:"durationMs"`
	// Wait is the time in the queue before the span, and BackOff the time from the attempt before.
	Wait    *RowWait    `json:"wait,omitempty"`
	BackOff *RowBackOff `json:"backOff,omitempty"`
	// Attempt is the number of the delivery, from 1, or 0 for a span that handles no message. Settled is ack, retry, requeue, pause,
	// dead, or "" when no span says.
	Attempt   int      `json:"attempt,omitempty"`
	Settled   string   `json:"settled,omitempty"`
	Duplicate bool     `json:"duplicate,omitempty"`
	Redriven  bool     `json:"redriven,omitempty"`
	Injected  []string `json:"injected,omitempty"`
	// Database marks a span of a database, which is folded until it is asked for.
	Database  bool          `json:"database,omitempty"`
	Messaging *RowMessaging `json:"messaging,omitempty"`
	// Joined reports that the row begins a trace and that a link put it under its parent.
	Joined bool `json:"joined,omitempty"`
	// Warning says that the parent is missing, or that clocks disagree.
	Warning string `json:"warning,omitempty"`
	// Critical are the parts of the wait, the back-off and the work that are on the critical path: pairs of milliseconds from the
	// start of the waterfall.
	Critical [][2]float64 `json:"critical,omitempty"`
}

// RowWait is a wait in a queue. It ends when the span starts.
type RowWait struct {
	MS float64 `json:"ms"`
	// Told reports that an attribute gives the wait. Otherwise it is worked out from the end of the send span and the start of the
	// process span.
	Told  bool   `json:"told"`
	Queue string `json:"queue"`
}

// RowBackOff is the time from the end of a failed attempt to the next one. Dead reports that the message was a dead letter.
type RowBackOff struct {
	MS    float64 `json:"ms"`
	After int     `json:"after"`
	Dead  bool    `json:"dead,omitempty"`
}

// RowMessaging says what a messaging span did.
type RowMessaging struct {
	System     string `json:"system"`
	Operation  string `json:"operation"`
	Exchange   string `json:"exchange,omitempty"`
	RoutingKey string `json:"routingKey,omitempty"`
	// Topic is the destination in other systems than RabbitMQ. Where consumers share it, Queue is "topic:group".
	Topic     string `json:"topic,omitempty"`
	Queue     string `json:"queue,omitempty"`
	MessageID string `json:"messageId,omitempty"`
	// Old reports attribute names from before version 1.17 of the conventions.
	Old bool `json:"old,omitempty"`
}

// RowLink is a link from the row From to the row To, by index. To is -1 if the linked span is not here.
type RowLink struct {
	From       int            `json:"from"`
	To         int            `json:"to"`
	TraceID    TraceID        `json:"traceId"`
	SpanID     SpanID         `json:"spanId"`
	Attributes map[string]any `json:"attributes,omitempty"`
}
