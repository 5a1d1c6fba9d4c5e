package console

import "errors"

// The errors of a [System].
var (
	ErrNoMessage  = errors.New("the service has no such event")
	ErrNoQueue    = errors.New("there is no such subscription")
	ErrNoScenario = errors.New("there is no such scenario")
	ErrBusy       = errors.New("a run goes on")
	ErrNoMystery  = errors.New("no mystery goes on")
)
