package console

import "errors"

// The errors of a [System].
var (
	ErrNoMessage  = errors.New("the service has no such event")
	ErrNoQueue    = errors.New("there is no such subscription")
	ErrNoLetter   = errors.New("there is no such dead letter")
	ErrNoScenario = errors.New("there is no such scenario")
	ErrBusy       = errors.New("a run goes on")
	ErrNoMystery  = errors.New("no mystery goes on")
)

// Errors of [Scenarios].
var (
	// ErrRefused is the error of a scenario that cannot run here. The text says which command to type instead.
	ErrRefused = errors.New("the scenario cannot run here")
	// ErrMystery is the error of a new mystery while another one goes on.
	ErrMystery = errors.New("a mystery goes on")
)
