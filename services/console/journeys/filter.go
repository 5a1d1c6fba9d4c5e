package journeys

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Filter chooses rows. Values of one field are alternatives. All fields must match. The zero value matches every row.
type Filter struct {
	IDs       []string
	States    []State
	Customers []string
	Services  []string
	Events    []string
	// Failures are keys, or "any" or "none".
	Failures []string
	Sources  []string
	// Commands says what becomes of the commands to the console: the zero value lets them through.
	Commands Commands
	// Attributes are "key" or "key=value", with * in the value for any text. A span of the journey has the attribute.
	Attributes []string
	// MinMS and MaxMS limit the duration. 0 is no limit.
	MinMS, MaxMS float64
	// Text is part of the id, the root, the customer, a service or an event, in any case.
	Text string
	// Since and Until limit the start.
	Since, Until time.Time
}

// Commands says which rows a filter lets through, of commands to the console alone and of others.
type Commands string

// The choices of [Filter].Commands.
const (
	AnyCommands     Commands = ""
	WithoutCommands Commands = "none"
	OnlyCommands    Commands = "only"
)

// maxFilterValues bounds what one request can ask for.
const maxFilterValues = 200

// ParseFilter reads the query parameters of a filter: id, state, customer, service, event, failure, source, attribute, commands, minMs,
// maxMs, q, since, until. Commands are left out unless commands or an id says otherwise. It ignores other parameters. The error says
// which value is wrong and what is allowed.
func ParseFilter(query url.Values) (Filter, error) {
	f := Filter{
		IDs: query["id"], Customers: query["customer"], Services: query["service"], Events: query["event"],
		Failures: query["failure"], Sources: query["source"], Attributes: query["attribute"], Text: query.Get("q"),
	}
	for name, values := range query {
		if len(values) > maxFilterValues {
			return Filter{}, fmt.Errorf("%s has %d values: at most %d are allowed", name, len(values), maxFilterValues)
		}
	}
	for _, value := range query["state"] {
		if State(value).gravity() < 0 {
			return Filter{}, fmt.Errorf("state %q is unknown: use one of %s", value, stateNames())
		}
		f.States = append(f.States, State(value))
	}
	for _, value := range f.Attributes {
		if key, _, _ := strings.Cut(value, "="); key == "" {
			return Filter{}, fmt.Errorf("attribute %q has no name: use key or key=value", value)
		}
	}
	for _, value := range f.Sources {
		if value != SourceOTLP && value != SourceFile {
			return Filter{}, fmt.Errorf("source %q is unknown: use %s or %s", value, SourceOTLP, SourceFile)
		}
	}
	var err error
	if f.Commands, err = commandsIn(query); err != nil {
		return Filter{}, err
	}
	if f.MinMS, err = millisecondsIn(query, "minMs"); err != nil {
		return Filter{}, err
	}
	if f.MaxMS, err = millisecondsIn(query, "maxMs"); err != nil {
		return Filter{}, err
	}
	if f.Since, err = momentIn(query, "since"); err != nil {
		return Filter{}, err
	}
	if f.Until, err = momentIn(query, "until"); err != nil {
		return Filter{}, err
	}
	return f, nil
}

func commandsIn(query url.Values) (Commands, error) {
	switch value := query.Get("commands"); value {
	case "":
		if len(query["id"]) > 0 { // it was asked for by its name
			return AnyCommands, nil
		}
		return WithoutCommands, nil
	case "none", "only":
		return Commands(value), nil
	case "any":
		return AnyCommands, nil
	default:
		return "", fmt.Errorf("commands %q is unknown: use none, any or only", value)
	}
}

func millisecondsIn(query url.Values, name string) (float64, error) {
	text := query.Get(name)
	if text == "" {
		return 0, nil
	}
	value, err := strconv.ParseFloat(text, 64)
	if err != nil || !(value >= 0) || value > 1e15 {
		return 0, fmt.Errorf("%s %q is not a number of milliseconds from 0", name, text)
	}
	return value, nil
}

func momentIn(query url.Values, name string) (time.Time, error) {
	text := query.Get(name)
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%s %q is not a time: use RFC 3339, as 2026-10-01T12:00:00Z", name, text)
	}
	return at, nil
}

var states = []State{Dead, Lost, Stuck, Failed, Retrying, Waiting, Running, Done}

// gravity is the place of a state among the states, 0 for the gravest, and -1 for an unknown one.
func (s State) gravity() int {
	for i, known := range states {
		if s == known {
			return i
		}
	}
	return -1
}

func stateNames() string {
	names := make([]string, len(states))
	for i, s := range states {
		names[i] = string(s)
	}
	return strings.Join(names, ", ")
}

// ParseSort reads the name of an order. "" is [Attention].
func ParseSort(name string) (Sort, error) {
	switch s := Sort(name); s {
	case "":
		return Attention, nil
	case Attention, Newest, Oldest, Slowest:
		return s, nil
	default:
		return "", fmt.Errorf("sort %q is unknown: use %s, %s, %s or %s", name, Attention, Newest, Oldest, Slowest)
	}
}
