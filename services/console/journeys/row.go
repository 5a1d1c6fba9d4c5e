// Package journeys keeps the newest spans within a limit of memory, puts those that belong together into journeys, and says of
// each journey where it is.
//
// Spans belong together by traceria.conversation, else by the conversation id of the messaging conventions, else by links, else
// by trace.
package journeys

import "time"

// State says how a journey stands.
type State string

// The states of a journey, the gravest first.
const (
	Dead     State = "dead"     // a message is a dead letter
	Lost     State = "lost"     // a message was acked although the work failed
	Stuck    State = "stuck"    // nothing has happened for longer than [Options.StuckAfter], and a message waits or could not be sent
	Failed   State = "failed"   // the last attempt failed, and nothing says that another one comes
	Retrying State = "retrying" // a message waits for its next attempt
	Waiting  State = "waiting"  // a message is in its queue
	Running  State = "running"  // spans arrive
	Done     State = "done"     // every message was handled
)

// Row is a journey in a list.
type Row struct {
	// ID is the conversation, or the id of the first trace if there is none.
	ID string `json:"id"`
	// Version grows with each change of any journey.
	Version uint64 `json:"version"`
	// Source is otlp, or file for spans that a user has uploaded.
	Source string `json:"source"`
	// Command reports that the journey is a command to the console alone, by [Options.Command].
	Command bool `json:"command,omitempty"`
	// Root is the name of the first span.
	Root     string `json:"root"`
	Customer string `json:"customer,omitempty"`
	// Number is the order's number, as ORD17.
	Number string    `json:"number,omitempty"`
	State  State     `json:"state"`
	Where  *Where    `json:"where,omitempty"`
	Start  time.Time `json:"start"`
	End    time.Time `json:"end"`
	// Seen is when the last span arrived.
	Seen       time.Time `json:"seen"`
	DurationMS float64   `json:"durationMs"`
	Spans      int       `json:"spans"`
	// Dropped counts the spans that the limit of one journey did not let in.
	Dropped  int      `json:"dropped,omitempty"`
	Traces   []string `json:"traces"` // ids, the first trace first, at most 20
	Services []string `json:"services"`
	// Events are the routing keys, topics or queues of the messages.
	Events []string `json:"events"`
	// Attempts is the greatest number of attempts at a message. Errors counts failed spans, Dead the dead letters that were not
	// redriven, Redriven those that were.
	Attempts int      `json:"attempts"`
	Errors   int      `json:"errors"`
	Dead     int      `json:"dead"`
	Redriven int      `json:"redriven"`
	Failures []string `json:"failures"` // keys of injected failures
	// The sums of all waits in queues, back-offs and work. LongestWait names the queue of the longest wait.
	WaitMS        float64 `json:"waitMs"`
	BackOffMS     float64 `json:"backOffMs"`
	WorkMS        float64 `json:"workMs"`
	LongestWait   string  `json:"longestWait,omitempty"`
	LongestWaitMS float64 `json:"longestWaitMs,omitempty"`
	// Track is where the journey was over time.
	Track []Stage `json:"track"`
}

// Where is the place of a journey that has not ended: the message that has waited longest.
type Where struct {
	// Kind is queue, retry, dead, outbox or service. Name is the queue or the service.
	Kind  string    `json:"kind"`
	Name  string    `json:"name"`
	Since time.Time `json:"since"`
	// Event is the routing key of the message, or "".
	Event string `json:"event,omitempty"`
}

// Stage is a stay of a journey at a place. FromMS and ToMS count from the start of the journey. ToMS is -1 while the stay lasts.
type Stage struct {
	// Kind is work, wait, backoff, dead or outbox. Place is a service for work and outbox, and else a queue.
	Kind   string  `json:"kind"`
	Place  string  `json:"place"`
	FromMS float64 `json:"fromMs"`
	ToMS   float64 `json:"toMs"`
	Failed bool    `json:"failed,omitempty"`
}
