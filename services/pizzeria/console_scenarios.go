package pizzeria

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"traceria/services/console"
	"traceria/services/host"
	"traceria/services/scenario"
	"traceria/services/wait"
)

const (
	// beginTime is how long Start waits for the first step. A run that must repair what another one left begins later.
	beginTime = 3 * time.Second
	// restoreTime is how long changes may take to be put back after a run was cancelled.
	restoreTime = 30 * time.Second
	// stopTime is how long that may take when the console stops. It is below the time that host.Run gives for all work.
	stopTime = 5 * time.Second
)

// scenarios runs scenarios and the mystery in the process of the console. It implements [console.Scenarios].
type scenarios struct {
	log zerolog.Logger
	// running returns the system. What controls its parts may have come since the last call.
	running func(ctx context.Context) scenario.System
	// folder is that of the flag file. The file of the mystery is in it.
	folder string
	list   refusals

	mu      sync.Mutex
	life    context.Context //nolint:containedctx // the life of the service, which Work gets
	working sync.WaitGroup
	now     *recording // the run that goes on, or the last one
	cancel  context.CancelCauseFunc
	changed chan struct{}
	// game serializes the commands of the mystery.
	game sync.Mutex
}

var _ console.Scenarios = (*scenarios)(nil)

// newScenarios returns the scenarios of the console that runs on h. Nothing runs before Work.
func newScenarios(h *host.Host) *scenarios {
	folder := filepath.Dir(h.Config.Flags.Path)
	return &scenarios{log: h.Log, folder: folder, changed: make(chan struct{}), running: func(ctx context.Context) scenario.System {
		system := RunningSystem(ctx, h.Config, folder)
		system.Switches = scenario.FileSwitches(h.Config.Flags) // the console's own API is closed while it stops
		return system
	}}
}

// Work lets scenarios run until ctx ends. It returns when what they changed is put back, at most 5 s later.
func (s *scenarios) Work(ctx context.Context) {
	s.mu.Lock()
	s.life = ctx
	s.mu.Unlock()
	<-ctx.Done()
	s.mu.Lock() // nothing begins after this
	s.life = nil
	s.mu.Unlock()
	s.working.Wait()
}

var errNotWorking = &host.Problem{
	Status: http.StatusServiceUnavailable, Title: "Not available at the moment", Detail: "the console is starting or stopping; try again",
}

// begin runs work in the life of the service.
func (s *scenarios) begin(work func(life context.Context)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.life == nil || s.life.Err() != nil {
		return errNotWorking
	}
	life := s.life
	s.working.Go(func() { work(life) })
	return nil
}

// Start implements [console.Scenarios].
func (s *scenarios) Start(ctx context.Context, name string) error {
	one, err := scenario.Find(name)
	if err != nil {
		return errUnrunnable(name, err)
	}
	system := s.running(ctx)
	if err := system.Possible(ctx, one); err != nil {
		return fmt.Errorf("%w: %s", console.ErrRefused, refusal(err, name))
	}
	record := s.record(one)
	before, err := s.take(record)
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	err = s.begin(func(life context.Context) { //nolint:contextcheck // it lives as long as the service
		ended <- s.runOne(life, system, one, record)
	})
	if err != nil {
		s.leave(record, before)
		return err
	}
	select {
	case err := <-ended:
		select {
		case <-record.begun: // a short run
			return nil
		default:
			s.leave(record, before)
			return notBegun(err)
		}
	case <-record.begun:
	case <-ctx.Done():
	case <-time.After(beginTime):
	}
	return nil
}

// notBegun is the error of a run without a step.
func notBegun(err error) error {
	if errors.Is(err, scenario.ErrBusy) {
		return fmt.Errorf("%w: %w", console.ErrBusy, err)
	}
	return notReady(err)
}

func notReady(err error) error {
	return &host.Problem{Status: http.StatusServiceUnavailable, Title: "The system is not ready", Detail: err.Error()}
}

// take makes record the present run. It returns the one before.
func (s *scenarios) take(record *recording) (before *recording, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now != nil && s.now.run.Running {
		return nil, fmt.Errorf("%w: %s", console.ErrBusy, s.now.run.Scenario)
	}
	before, s.now = s.now, record
	s.notify()
	return before, nil
}

// leave makes before the present run again, if record still is.
func (s *scenarios) leave(record, before *recording) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now == record {
		s.now = before
		s.notify()
	}
}

var errCancelled = errors.New("cancelled")

// runOne runs a scenario to its end.
func (s *scenarios) runOne(life context.Context, system scenario.System, one *scenario.Scenario, record *recording) error {
	ctx, cancel := context.WithCancelCause(life)
	defer cancel(nil)
	s.mu.Lock()
	s.cancel = cancel
	s.mu.Unlock()
	runner := scenario.Runner{System: system, Show: record, Restore: func(ctx context.Context) (context.Context, context.CancelFunc) {
		return restoring(ctx, life)
	}}
	_, err := runner.Run(ctx, one)
	record.change(func(run *console.Run) {
		run.Running, run.Seconds = false, time.Since(run.Started).Seconds()
		switch _, left := os.Stat(system.Journal); {
		case errors.Is(context.Cause(ctx), errCancelled) && errors.Is(left, fs.ErrNotExist):
			run.Error = "it was cancelled; what it changed is put back"
		case err != nil && run.Error == "":
			run.Error = err.Error()
		}
	})
	line := s.log.Info()
	if err != nil {
		line = s.log.Warn().Err(err)
	}
	line.Str("scenario", one.Name).Bool("passed", record.run.Passed).Msg("scenario ended")
	return err
}

// restoring returns a context that ends restoreTime after that of the run, and at the latest stopTime after that of the service.
func restoring(ctx, life context.Context) (context.Context, context.CancelFunc) {
	longer, stop := wait.Longer(ctx, restoreTime)
	alive, stopAlive := wait.Longer(life, stopTime)
	forget := context.AfterFunc(alive, stop)
	return longer, func() { forget(); stopAlive(); stop() }
}

// Current implements [console.Scenarios].
func (s *scenarios) Current() *console.Run {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now == nil {
		return nil
	}
	return s.now.snapshot()
}

// Cancel implements [console.Scenarios].
func (s *scenarios) Cancel() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cancel != nil {
		s.cancel(errCancelled)
	}
}

// Changed implements [console.Scenarios].
func (s *scenarios) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// notify tells the readers of Changed. The caller has the lock.
func (s *scenarios) notify() {
	close(s.changed)
	s.changed = make(chan struct{})
}
