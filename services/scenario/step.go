package scenario

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"traceria/services/failure"
)

// Step is one thing that a scenario does. Exactly one of its verbs is set; the other fields are the verb's own. In texts,
// ${customer} is the customer of the run, ${NAME.id} the id of an order, and ${NAME.FIELD} a field of a saved answer.
type Step struct {
	// Note is text for the reader.
	Note string `yaml:"note"`
	// Set switches KEY=VARIANT on: for everyone, or only for the customer of the run (Only: customer).
	Set  string `yaml:"set"`
	Only string `yaml:"only"`
	// Clear switches a key off again. What is still on is put back at the end.
	Clear string `yaml:"clear"`

	// Order places Count orders (one, if it is not set) and names them.
	Order    string `yaml:"order"`
	Count    int    `yaml:"count"`
	Failure  string `yaml:"failure"`  // X-Traceria-Failure
	Quantity int    `yaml:"quantity"` // pieces, one if it is not set
	Address  string `yaml:"address"`  // deliveryAddressId instead of an address
	// Answer is the expected status of the answer, 202 if it is not set. 0 with Dies means none: the process dies, and the order
	// is asked for again.
	Answer int  `yaml:"answer"`
	Dies   bool `yaml:"dies"`

	// Settle waits until the orders have the Status (delivered, if it is not set).
	Settle string `yaml:"settle"`
	Status string `yaml:"status"`

	// Request sends a request, "METHOD SERVICE PATH", with a Body. Answer is its expected status, 200 if it is not set. Save names
	// the answer. With Grows, the path of a number such as telemetry.lostSpans, it is repeated until that number is larger than in
	// the first answer.
	Request string         `yaml:"request"`
	Body    map[string]any `yaml:"body"`
	Save    string         `yaml:"save"`
	Grows   string         `yaml:"grows"`

	// Read reads the traces of the orders, or of a conversation, from Jaeger and compares them with a Tree. As says how: all traces
	// of the conversation (the default), trace (only the first trace of the order), or story (traces put together by their links).
	Read         string `yaml:"read"`
	Conversation string `yaml:"conversation"`
	As           string `yaml:"as"`
	Tree         string `yaml:"tree"`
	// Look says what to look at in the tree.
	Look string `yaml:"look"`

	// Map draws who talks to whom from the traces of the orders, and wants exactly these Ways: "FROM WHAT TO".
	Map  string   `yaml:"map"`
	Ways []string `yaml:"ways"`

	// Agree waits until every view agrees on the order, and prints when each did.
	Agree string `yaml:"agree"`

	// Alert waits until an alert of Prometheus with these Labels has the State: firing (if it is not set), or inactive.
	Alert  string            `yaml:"alert"`
	Labels map[string]string `yaml:"labels"`
	State  string            `yaml:"state"`

	// Stop stops a part of the system, and Start starts it. What is still stopped is started at the end.
	Stop  string `yaml:"stop"`
	Start string `yaml:"start"`
	// Others reports that other parts are still stopped: only the started one must be ready.
	Others bool `yaml:"others"`
	// Wait waits.
	Wait time.Duration `yaml:"wait"`
	// Redrive sends the dead letters of a queue back to it.
	Redrive string `yaml:"redrive"`
	// Subscribe adds a subscriber of its own to the Event, under a name, until the end of the run.
	Subscribe string `yaml:"subscribe"`
	Event     string `yaml:"event"`
	// Command runs a command of traceria and prints what it says.
	Command string `yaml:"command"`
	// Refused is a command that must fail, with this text in its message.
	Refused string `yaml:"refused"`
	Says    string `yaml:"says"`

	// Within limits the step, 60 s if it is not set.
	Within time.Duration `yaml:"within"`
}

// verbs returns the names of the verbs that the step has.
func (s Step) verbs() (names []string) {
	for _, verb := range []struct {
		name string
		set  bool
	}{
		{"note", s.Note != ""},
		{"set", s.Set != ""},
		{"clear", s.Clear != ""},
		{"order", s.Order != ""},
		{"settle", s.Settle != ""},
		{"request", s.Request != ""},
		{"read", s.Read != "" || s.Conversation != ""},
		{"map", s.Map != ""},
		{"agree", s.Agree != ""},
		{"alert", s.Alert != ""},
		{"stop", s.Stop != ""},
		{"start", s.Start != ""},
		{"wait", s.Wait != 0},
		{"redrive", s.Redrive != ""},
		{"subscribe", s.Subscribe != ""},
		{"command", s.Command != ""},
		{"refused", s.Refused != ""},
	} {
		if verb.set {
			names = append(names, verb.name)
		}
	}
	return names
}

// check returns what is wrong with the step.
func (s Step) check() error {
	verbs := s.verbs()
	if len(verbs) != 1 {
		return fmt.Errorf("got %d verbs (%s), want one", len(verbs), strings.Join(verbs, ", "))
	}
	var wrong []error
	for _, text := range s.switches() {
		_, _, err := parseSwitch(text)
		wrong = append(wrong, err)
	}
	if s.Only != "" && s.Only != "customer" {
		wrong = append(wrong, fmt.Errorf("only: %s: want customer", s.Only))
	}
	if !slices.Contains([]string{"", asTrace, asStory}, s.As) {
		wrong = append(wrong, fmt.Errorf("as: %s: want trace or story", s.As))
	}
	if !slices.Contains([]string{"", firing, inactive}, s.State) {
		wrong = append(wrong, fmt.Errorf("state: %s: want %s or %s", s.State, firing, inactive))
	}
	if s.Alert == "" && (s.State != "" || s.Labels != nil) {
		wrong = append(wrong, errors.New("labels and state belong to alert"))
	}
	if s.Request == "" && s.Grows != "" {
		wrong = append(wrong, errors.New("grows belongs to request"))
	}
	if s.Grows != "" && s.Save != "" {
		wrong = append(wrong, errors.New("grows and save: want one of them"))
	}
	if verbs[0] == "read" && (s.Tree == "" || s.Look == "") {
		wrong = append(wrong, errors.New("read: want a tree, and what to look at in it"))
	}
	return errors.Join(wrong...)
}

const (
	asTrace = "trace"
	asStory = "story"
)

// parseSwitch reads KEY or KEY=VARIANT. Without a variant it is the first one.
func parseSwitch(text string) (entry failure.Entry, variant string, err error) {
	key, variant, _ := strings.Cut(strings.TrimSpace(text), "=")
	if entry, err = failure.Lookup(failure.Key(key)); err == nil {
		variant, err = entry.Choose(variant)
	}
	return entry, variant, err
}

// switches returns the switches that the step sets, for one order or for more.
func (s Step) switches() []string {
	return slices.DeleteFunc(append(strings.Split(s.Failure, ","), s.Set), func(text string) bool { return strings.TrimSpace(text) == "" })
}

// crashes reports whether a switch of the step ends a process.
func (s Step) crashes() bool {
	return slices.ContainsFunc(s.switches(), func(text string) bool {
		entry, _, err := parseSwitch(text)
		return err == nil && entry.Crash
	})
}

// String describes the step in one line.
func (s Step) String() string {
	switch verb := s.verbs()[0]; verb {
	case "set", "order":
		return s.change()
	case "settle":
		return "wait until " + s.Settle + " is " + s.status()
	case "read":
		return "read the traces of " + s.Read + s.Conversation + " from Jaeger"
	case "agree":
		return "wait until every view agrees on " + s.Agree
	case "alert":
		return "wait until the alert " + s.Alert + " is " + s.state()
	case "request":
		return s.Request + prefixed(", until this grows: ", s.Grows)
	case "map":
		return "draw who talks to whom"
	case "redrive":
		return "redrive the dead letters of " + s.Redrive
	case "subscribe":
		return "add the subscriber " + s.Subscribe + " to " + s.Event
	case "refused":
		return "traceria " + s.Refused + " (is refused)"
	case "command":
		return "traceria " + s.Command
	case "wait":
		return "wait " + s.Wait.String()
	default: // one of these is set
		return strings.TrimSpace(s.Note + prefixed("clear ", s.Clear) + prefixed("stop ", s.Stop) + prefixed("start ", s.Start))
	}
}

func prefixed(verb, text string) string {
	if text == "" {
		return ""
	}
	return verb + text
}

// change describes a switch or an order.
func (s Step) change() string {
	switch {
	case s.Set != "" && s.Only != "":
		return "set " + s.Set + " for the customer of this run"
	case s.Set != "":
		return "set " + s.Set
	case s.Count > 1:
		return strings.TrimSpace(fmt.Sprintf("place %d orders %s", s.Count, prefixed("with ", s.Failure)))
	default:
		return strings.TrimSpace("place an order " + prefixed("with ", s.Failure))
	}
}

func (s Step) status() string {
	if s.Status == "" {
		return "delivered"
	}
	return s.Status
}

func (s Step) state() string { return cmp.Or(s.State, firing) }

const defaultWithin = time.Minute

func (s Step) within() time.Duration {
	if s.Within == 0 {
		return defaultWithin
	}
	return s.Within
}
