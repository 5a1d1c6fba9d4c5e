package console

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"traceria/services/broker"
	"traceria/telemetry/tracetree"
)

// System is what the console asks the running pizzeria. The console imports no other service, so package pizzeria fills it in. A nil
// field is a part that this console does not have: its routes answer 404, and the page leaves the view out. The console then is a
// viewer for the spans of any Collector.
type System struct {
	// Version is the version of the program.
	Version string
	// Work, if set, runs beside the console until ctx ends.
	Work func(ctx context.Context)
	// Number returns the conversation of an order number such as ORD17.
	Number func(ctx context.Context, number string) (conversation string, err error)
	// Routing says where messages go, for the states of journeys. Nil means that only spans say so.
	Routing func() tracetree.Routing
	// Missing says what an unfinished conversation lacks and where it is, or nil. The value is written as JSON.
	Missing func(ctx context.Context, conversation string, spans []tracetree.Span) any
	// Ended reports whether a span ends a story, for the critical path. Nil means the span that ends last.
	Ended func(tracetree.Span) bool
	// Older reads a conversation or a trace that the console does not have, from Jaeger. The error wraps tracetree.ErrNotFound if
	// there is none.
	Older func(ctx context.Context, id string) ([]tracetree.Span, error)
	// Message returns the event that a service has sent, from the service's outbox. The error wraps ErrNoMessage if it is not there.
	Message func(ctx context.Context, service, messageID string) (Message, error)
	// Declared compares a map with the contracts. The value is written as JSON; it has the members of the map.
	Declared func(m tracetree.Map) any

	Counter   Counter
	Queues    Queues
	Scenarios Scenarios
	// Parts checks every part of the system.
	Parts func(ctx context.Context) Parts
}

// Message is an event as it was sent.
type Message struct {
	// Source says where it was found: "outbox of order".
	Source   string          `json:"source"`
	Metadata json.RawMessage `json:"metadata,omitempty"`
	Data     json.RawMessage `json:"data,omitempty"`
	// Body is the whole text of a message without these two members.
	Body string `json:"body,omitempty"`
}

// Counter places orders.
type Counter interface {
	// Menu returns the order service's menu, as GET /menu answers it.
	Menu(ctx context.Context) (json.RawMessage, error)
	// Place places one order. headers has X-Traceria-Failure, if a failure is wanted for this order only. It returns the status and
	// the answer of the order service, also when that is a refusal.
	Place(ctx context.Context, body json.RawMessage, headers http.Header) (status int, answer json.RawMessage, err error)
}

// Queue is a subscription's queue with its retry and dead queues.
type Queue struct {
	Queue      string `json:"queue"`
	Subscriber string `json:"subscriber"`
	Event      string `json:"event"`
	Ready      int    `json:"ready"`
	Unacked    int    `json:"unacked"`
	Consumers  int    `json:"consumers"`
	// InPerSecond and OutPerSecond are RabbitMQ's rates of published and acknowledged messages.
	InPerSecond  float64 `json:"inPerSecond"`
	OutPerSecond float64 `json:"outPerSecond"`
	// OldestMS is the age of the oldest message by the spans that the console has, or nil when none waits. DrainMS is the time until
	// the queue is empty at the present rates, or nil when it does not get shorter.
	OldestMS *float64 `json:"oldestMs"`
	DrainMS  *float64 `json:"drainMs"`
	Retry    int      `json:"retry"`
	Dead     int      `json:"dead"`
}

// Queues looks at the broker.
type Queues interface {
	// List returns every subscription of the topology. OldestMS and DrainMS are filled in by the console. remark says what is not
	// known although the broker answers, or is "".
	List(ctx context.Context) (queues []Queue, remark string, err error)
	// Letters returns the dead letters of a subscription, the oldest first. The error wraps ErrNoQueue for an unknown one.
	Letters(ctx context.Context, queue string, limit int) ([]Letter, error)
	// Redrive sends dead letters back: that with the message id, or all if messageID is "". The error wraps ErrNoQueue or ErrNoLetter.
	// What was redriven before an error is returned with it.
	Redrive(ctx context.Context, queue, messageID string) ([]broker.Redriven, error)
}

// Letter is a dead letter with its body.
type Letter struct {
	broker.Letter
	Body any `json:"body"`
	// BodyEncoding is "" for JSON, "text", or "base64" for bytes that are not UTF-8.
	BodyEncoding string `json:"bodyEncoding,omitempty"`
}

// Scenarios runs the guided runs and the mystery, one at a time.
type Scenarios interface {
	List() []ScenarioSummary
	Show(name string) (ScenarioPage, error)
	// Start begins a run in the background. The error wraps ErrBusy while another one goes on.
	Start(ctx context.Context, name string) error
	// Current is the run that goes on, or the last one, or nil.
	Current() *Run
	// Cancel ends the run that goes on and puts its switches back.
	Cancel()
	// Changed returns a channel that is closed at the next change of Current.
	Changed() <-chan struct{}

	Mystery(ctx context.Context) (*Mystery, error)
	StartMystery(ctx context.Context, level int, seed uint64) (*Mystery, error)
	Hint(ctx context.Context) (string, error)
	Guess(ctx context.Context, keys []string) (Verdict, error)
	EndMystery(ctx context.Context) (Verdict, error)
}

// ScenarioSummary is a scenario in the list.
type ScenarioSummary struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	Place int    `json:"place"`
	// Rows are the rows of the talk that it shows.
	Rows  []int `json:"rows,omitempty"`
	Steps int   `json:"steps"`
	// Refused says why it cannot be run here, or "".
	Refused string `json:"refused,omitempty"`
}

// ScenarioPage is a scenario's text, in Markdown, and its steps.
type ScenarioPage struct {
	ScenarioSummary
	Page  string   `json:"page"`
	Lines []string `json:"lines"`
}

// Run is a run of a scenario.
type Run struct {
	Scenario string    `json:"scenario"`
	Title    string    `json:"title"`
	Started  time.Time `json:"started"`
	Running  bool      `json:"running"`
	Passed   bool      `json:"passed"`
	Error    string    `json:"error,omitempty"`
	Refused  bool      `json:"refused,omitempty"`
	Seconds  float64   `json:"seconds"`
	// Step is the number of the step at work, of Of.
	Step     int          `json:"step"`
	Of       int          `json:"of"`
	Lines    []RunLine    `json:"lines"`
	Readings []RunReading `json:"readings"`
}

// RunLine is a step or a detail of one.
type RunLine struct {
	At     time.Time `json:"at"`
	Step   int       `json:"step"`
	Text   string    `json:"text"`
	Detail bool      `json:"detail,omitempty"`
}

// RunReading is a tree that a scenario has read and compared.
type RunReading struct {
	Of         string   `json:"of"`
	Look       string   `json:"look"`
	Golden     string   `json:"golden"`
	Difference string   `json:"difference,omitempty"`
	Tree       string   `json:"tree"`
	Traces     []string `json:"traces"`
	// Journeys are the conversations of the traces.
	Journeys []string `json:"journeys"`
}

// Mystery is a failure that is switched on without marks. It does not say which.
type Mystery struct {
	Level    int       `json:"level"`
	Seed     uint64    `json:"seed"`
	Keys     int       `json:"keys"`
	Customer string    `json:"customer"`
	Started  time.Time `json:"started"`
	Orders   []string  `json:"orders"`
	Hints    int       `json:"hints"`
	Guesses  int       `json:"guesses"`
	// Suspects are the keys to choose from.
	Suspects []Suspect `json:"suspects"`
}

// Suspect is a key that a mystery may be about.
type Suspect struct {
	Key   string `json:"key"`
	Title string `json:"title"`
}

// Verdict is the result of a guess, or of giving up.
type Verdict struct {
	Solved bool     `json:"solved"`
	Right  []string `json:"right"`
	// Clues explain the failures once the mystery is over.
	Clues []Clue `json:"clues"`
	// Difference is how an order of the mystery differs from one without a failure.
	Order      string `json:"order,omitempty"`
	Difference string `json:"difference,omitempty"`
}

// Clue is what gave a failure away.
type Clue struct {
	Key    string `json:"key"`
	Title  string `json:"title"`
	Breaks string `json:"breaks"`
	Jaeger string `json:"jaeger"`
	Repair string `json:"repair"`
}

// Parts are the parts of the system.
type Parts struct {
	Parts []Part `json:"parts"`
	// Versions are those of the programs, by name: traceria, rabbitmq, jaeger.
	Versions map[string]string `json:"versions"`
	Topology TopologySummary   `json:"topology"`
}

// Part is a program that the system needs.
type Part struct {
	Name    string `json:"name"`
	Healthy bool   `json:"healthy"`
	Address string `json:"address"`
	Detail  string `json:"detail,omitempty"`
}

// TopologySummary says what the broker must have, and what it lacks. Known is false if the broker could not be asked.
type TopologySummary struct {
	Exchanges int      `json:"exchanges"`
	Queues    int      `json:"queues"`
	Users     int      `json:"users"`
	Known     bool     `json:"known"`
	Missing   []string `json:"missing"`
}
