package cli

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"traceria/services/failure"
	"traceria/services/scenario"
)

// mysteryName is the scenario that lasts over several commands.
const mysteryName = "mystery"

type mysteryOptions struct {
	seed         uint64
	level        int
	guess        string
	hint, giveUp bool
	json         bool
}

// addMysteryFlags adds the flags of the mystery to the command that runs scenarios.
func addMysteryFlags(cmd *cobra.Command, o *mysteryOptions) {
	flags := cmd.Flags()
	flags.Uint64Var(&o.seed, "seed", 0, "mystery: the same seed gives the same mystery; 0 chooses one")
	flags.IntVar(&o.level, "level", 1, "mystery: 1 to 3")
	flags.StringVar(&o.guess, "guess", "", "mystery: the key of the failure, at level 3 two with a comma")
	flags.BoolVar(&o.hint, "hint", false, "mystery: ask for the next hint")
	flags.BoolVar(&o.giveUp, "give-up", false, "mystery: show the answer and put the switches back")
}

// mysteryFlags are the flags that only the mystery has.
var mysteryFlags = []string{"seed", "level", "guess", "hint", "give-up"}

func runMystery(cmd *cobra.Command, o mysteryOptions) error {
	if err := exclusive(cmd, "guess", "hint", "give-up"); err != nil {
		return err
	}
	if o.level < 1 || o.level > scenario.Levels {
		return usagef("--level %d: want 1 to %d", o.level, scenario.Levels)
	}
	system, err := runningSystem(cmd)
	if err != nil {
		return err
	}
	if o.guess == "" && !o.hint && !o.giveUp {
		return startMystery(cmd, system, o)
	}
	m, err := system.OpenMystery()
	if err != nil {
		return err
	}
	switch {
	case o.hint:
		hint, err := m.Hint()
		if err == nil {
			cmd.Println(hint)
		}
		return err
	case o.giveUp:
		return endMystery(cmd, system, m, o, false)
	default:
		return guess(cmd, system, m, o)
	}
}

func startMystery(cmd *cobra.Command, system scenario.System, o mysteryOptions) error {
	m, err := system.StartMystery(cmd.Context(), o.seed, o.level)
	if err != nil {
		return err
	}
	if o.json {
		return printJSON(cmd, map[string]any{"seed": m.Seed, "level": m.Level, "orders": m.Orders, "traces": m.Traces})
	}
	number := "Something is"
	if m.Level == scenario.Levels {
		number = "Two things are"
	}
	cmd.Printf("%s wrong with the orders of customer %s (seed %d, level %d):\n", number, m.Customer, m.Seed, m.Level)
	for i, order := range m.Orders {
		cmd.Printf("  %s  %s/trace/%s\n", order, system.JaegerURL, m.Traces[i])
	}
	cmd.Print(`Find out what it is. No span is marked.
  traceria trace ORDER --why, traceria dead list, traceria failure list: all keys
  traceria scenario run mystery --hint
  traceria scenario run mystery --guess KEY
  traceria scenario run mystery --give-up
`)
	return nil
}

// errWrongGuess is the error of a guess that does not solve the mystery.
var errWrongGuess = errors.New("that is not it")

func guess(cmd *cobra.Command, system scenario.System, m *scenario.Mystery, o mysteryOptions) error {
	var keys []failure.Key
	for key := range strings.SplitSeq(o.guess, ",") {
		keys = append(keys, failure.Key(strings.TrimSpace(key)))
	}
	right, solved, err := m.Guess(keys)
	if err != nil {
		return settingError(err)
	}
	if solved {
		return endMystery(cmd, system, m, o, true)
	}
	if len(right) > 0 {
		return fmt.Errorf("%w: %s is right, and %d more is to be found", errWrongGuess, right[0], len(m.Keys)-len(right))
	}
	return fmt.Errorf("%w (guess %d); ask with --hint", errWrongGuess, m.Guesses)
}

// endMystery explains the failures and puts the switches back.
func endMystery(cmd *cobra.Command, system scenario.System, m *scenario.Mystery, o mysteryOptions, solved bool) error {
	clues, evidence, err := system.Explain(cmd.Context(), m)
	err = errors.Join(err, system.EndMystery(cmd.Context(), m))
	if o.json {
		return errors.Join(err, printJSON(cmd, map[string]any{
			"solved": solved, "seed": m.Seed, "level": m.Level, "guesses": m.Guesses, "hints": m.Hints, "failures": clues, "evidence": evidence,
		}))
	}
	screen := newScreen(cmd.OutOrStdout())
	if solved {
		screen.print(green, fmt.Sprintf("Found after %s, %d wrong guesses and %d hints.", time.Since(m.Started).Round(time.Second), m.Guesses, m.Hints))
	}
	for _, clue := range clues {
		screen.print(bold, string(clue.Key)+": "+clue.Title)
		screen.print(plain, "  "+clue.Breaks+"\n  What Jaeger shows: "+clue.Jaeger+"\n  Repair: "+clue.Repair)
	}
	if evidence.Difference != "" {
		screen.print(yellow, "What gave it away, in "+evidence.Trace+" (- an order without a failure, + this one):")
		_, text, _ := strings.Cut(printable(strings.TrimSpace(evidence.Difference)), "\n")
		screen.print(plain, text)
	}
	return err
}
