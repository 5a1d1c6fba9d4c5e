package pizzeria

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"traceria/services/console"
	"traceria/services/failure"
	"traceria/services/host"
	"traceria/services/scenario"
)

// explainTime limits the search for the spans that gave a mystery away. The mystery ends without them, too.
const explainTime = 8 * time.Second

// Mystery implements [console.Scenarios].
func (s *scenarios) Mystery(context.Context) (*console.Mystery, error) {
	m, err := scenario.System{Journal: filepath.Join(s.folder, "-")}.OpenMystery()
	if errors.Is(err, scenario.ErrNoMystery) {
		return nil, nil //nolint:nilnil // there is no mystery and no error
	}
	if err != nil {
		return nil, err
	}
	return hidden(m)
}

// hidden returns what a player may know of a mystery. It leaves the seed out: a reader of [scenario.Culprits] can work the keys out
// of it. A player who chose the seed knows it.
func hidden(m *scenario.Mystery) (*console.Mystery, error) {
	shown := &console.Mystery{
		Level: m.Level, Keys: len(m.Keys), Customer: m.Customer, Started: m.Started, Orders: append([]string{}, m.Orders...), Hints: m.Hints,
		Guesses: m.Guesses, Suspects: []console.Suspect{},
	}
	for _, key := range scenario.Suspects(m.Level) {
		entry, err := failure.Lookup(key)
		if err != nil {
			return nil, err
		}
		shown.Suspects = append(shown.Suspects, console.Suspect{Key: string(key), Title: entry.Title})
	}
	return shown, nil
}

// StartMystery implements [console.Scenarios].
func (s *scenarios) StartMystery(ctx context.Context, level int, seed uint64) (*console.Mystery, error) {
	if level < 1 || level > scenario.Levels {
		return nil, host.Invalid("level", "is %d, want 1 to %d", level, scenario.Levels)
	}
	return play(ctx, s, func(life context.Context, system scenario.System) (*console.Mystery, error) {
		if err := system.Ready(life); err != nil {
			return nil, notReady(err)
		}
		m, err := system.StartMystery(life, seed, level)
		if err != nil {
			return nil, err
		}
		return hidden(m)
	})
}

// Hint implements [console.Scenarios].
func (s *scenarios) Hint(ctx context.Context) (string, error) {
	return play(ctx, s, func(_ context.Context, system scenario.System) (string, error) {
		m, err := system.OpenMystery()
		if err != nil {
			return "", err
		}
		return m.Hint()
	})
}

// Guess implements [console.Scenarios].
func (s *scenarios) Guess(ctx context.Context, keys []string) (console.Verdict, error) {
	if len(keys) == 0 {
		return console.Verdict{}, host.Invalid("keys", "is empty, want the keys of the failures")
	}
	guessed := make([]failure.Key, len(keys))
	for i, key := range keys {
		guessed[i] = failure.Key(strings.TrimSpace(key))
	}
	return play(ctx, s, func(life context.Context, system scenario.System) (console.Verdict, error) {
		verdict := console.Verdict{Clues: []console.Clue{}}
		m, err := system.OpenMystery()
		if err != nil {
			return verdict, err
		}
		right, solved, err := m.Guess(guessed)
		if errors.Is(err, failure.ErrUnknownKey) {
			return verdict, host.Invalid("keys", "%v", err)
		}
		if err == nil && solved {
			verdict, err = s.reveal(life, system, m)
		}
		verdict.Solved, verdict.Right = solved, namesOfKeys(right)
		return verdict, err
	})
}

// EndMystery implements [console.Scenarios].
func (s *scenarios) EndMystery(ctx context.Context) (console.Verdict, error) {
	return play(ctx, s, func(life context.Context, system scenario.System) (console.Verdict, error) {
		m, err := system.OpenMystery()
		if err != nil {
			return console.Verdict{}, err
		}
		return s.reveal(life, system, m)
	})
}

// reveal puts the switches back and explains what they did.
func (s *scenarios) reveal(ctx context.Context, system scenario.System, m *scenario.Mystery) (console.Verdict, error) {
	verdict := console.Verdict{Right: []string{}, Clues: []console.Clue{}}
	if err := system.EndMystery(ctx, m); err != nil {
		return verdict, err
	}
	ctx, cancel := context.WithTimeout(ctx, explainTime)
	defer cancel()
	clues, evidence, err := system.Explain(ctx, m)
	if err != nil {
		s.log.Warn().Err(err).Msg("the spans of the mystery cannot be read")
	}
	for _, clue := range clues {
		verdict.Clues = append(verdict.Clues, console.Clue{
			Key: string(clue.Key), Title: clue.Title, Breaks: clue.Breaks, Jaeger: clue.Jaeger, Repair: clue.Repair,
		})
	}
	verdict.Order, verdict.Difference = evidence.Order, evidence.Difference
	return verdict, nil
}

// play does a command of the mystery in the life of the service: it ends although the request is gone.
func play[T any](ctx context.Context, s *scenarios, command func(life context.Context, system scenario.System) (T, error)) (answer T, err error) {
	type outcome struct {
		answer T
		err    error
	}
	done := make(chan outcome, 1)
	err = s.begin(func(life context.Context) { //nolint:contextcheck // it lives as long as the service
		s.game.Lock()
		defer s.game.Unlock()
		answer, err := command(life, s.running(life))
		done <- outcome{answer, err}
	})
	if err != nil {
		return answer, err
	}
	select {
	case o := <-done:
		return o.answer, ofConsole(o.err)
	case <-ctx.Done():
		return answer, ctx.Err()
	}
}

// ofConsole turns an error of package scenario into that of the console.
func ofConsole(err error) error {
	switch {
	case errors.Is(err, scenario.ErrNoMystery):
		return console.ErrNoMystery
	case errors.Is(err, scenario.ErrMystery):
		return console.ErrMystery
	case errors.Is(err, scenario.ErrBusy):
		return fmt.Errorf("%w: %w", console.ErrBusy, err)
	}
	return err
}

func namesOfKeys(keys []failure.Key) []string {
	names := make([]string, len(keys))
	for i, key := range keys {
		names[i] = string(key)
	}
	return names
}
