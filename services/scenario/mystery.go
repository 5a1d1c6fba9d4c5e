package scenario

import (
	"context"
	_ "embed" // the tree of an order without a failure
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"

	"traceria/services/failure"
	"traceria/telemetry/tracetree"
)

// culprits are the failures of a mystery by level. At level 3 there are two at once, of any level. All of them can be set for one
// customer, so that other orders are not hurt.
var culprits = map[int][]failure.Key{
	1: {failure.KitchenSlow, failure.KitchenError, failure.KitchenPoison, failure.KitchenReject, failure.OrderAPISlow},
	2: {
		failure.OrderDuplicate, failure.RetryStorm, failure.EventUnreadable, failure.EventBreaking, failure.MessageExpire,
		failure.TraceDropContext, failure.TraceLostSampling,
	},
	3: {failure.TraceClockSkew, failure.EventRenamedField, failure.TraceUninstrumentedError, failure.OrderUnroutable},
}

// Levels is the number of levels of a mystery.
const Levels = 3

//go:embed mystery/clean.tree
var cleanTree string

// mysteryOrders is the number of orders that a mystery places.
const mysteryOrders = 4

// Mystery is a failure that is switched on without marks, to be found by what it does. It lasts over several commands.
type Mystery struct {
	Seed     uint64        `json:"seed"`
	Level    int           `json:"level"`
	Keys     []failure.Key `json:"keys"`
	Customer string        `json:"customer"`
	Started  time.Time     `json:"started"`
	// Orders are the ids of the orders that were placed, and Traces their traces.
	Orders []string `json:"orders"`
	Traces []string `json:"traces"`
	// Hints is the number of hints that were given, and Guesses that of wrong guesses.
	Hints   int `json:"hints"`
	Guesses int `json:"guesses"`
	// Before has the settings before the mystery.
	Before map[failure.Key]*failure.Setting `json:"before"`
	path   string
}

// ErrNoMystery is returned for a guess while no mystery goes on.
var ErrNoMystery = errors.New("no mystery goes on; start one: traceria scenario run mystery")

// ErrMystery is returned for a new mystery while another goes on.
var ErrMystery = errors.New("a mystery goes on; guess with --guess KEY, ask with --hint, or end it with --give-up")

func (s System) mysteryPath() string { return filepath.Join(filepath.Dir(s.Journal), "mystery.json") }

// OpenMystery returns the mystery that goes on. The error is [ErrNoMystery] if there is none.
func (s System) OpenMystery() (*Mystery, error) {
	text, err := os.ReadFile(s.mysteryPath())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNoMystery
	}
	if err != nil {
		return nil, fmt.Errorf("read the mystery: %w", err)
	}
	m := &Mystery{path: s.mysteryPath()}
	if err := json.Unmarshal(text, m); err != nil {
		return nil, fmt.Errorf("the file of the mystery, %s, cannot be read: %w", m.path, err)
	}
	return m, nil
}

// StartMystery switches on what the seed chooses, for a customer of its own and without marks, and places orders.
func (s System) StartMystery(ctx context.Context, seed uint64, level int) (*Mystery, error) {
	if _, err := s.OpenMystery(); !errors.Is(err, ErrNoMystery) {
		return nil, errors.Join(ErrMystery, err)
	}
	if err := s.Ready(ctx); err != nil {
		return nil, err
	}
	m := &Mystery{
		Seed: seed, Level: level, Keys: Culprits(seed, level), Customer: fmt.Sprintf("mystery-%d", seed), Started: time.Now(),
		Before: map[failure.Key]*failure.Setting{}, path: s.mysteryPath(),
	}
	if err := s.prepare(ctx, m); err != nil {
		return nil, errors.Join(err, s.EndMystery(context.WithoutCancel(ctx), m))
	}
	orders, err := s.Order.PlaceAll(ctx, mysteryOrders, m.Customer, "")
	for _, order := range orders {
		if order.OrderID != "" {
			m.Orders, m.Traces = append(m.Orders, order.OrderID), append(m.Traces, order.TraceID)
		}
	}
	if err := errors.Join(err, m.write()); err != nil {
		return nil, errors.Join(err, s.EndMystery(context.WithoutCancel(ctx), m))
	}
	return m, nil
}

// prepare switches the keys on. The file has the settings of before first.
func (s System) prepare(ctx context.Context, m *Mystery) error {
	statuses, err := s.Switches.List(ctx)
	if err != nil {
		return err
	}
	for _, status := range statuses {
		if !slices.Contains(m.Keys, status.Key) {
			continue
		}
		if status.Active != nil && status.Active.Variant == failure.Custom {
			return fmt.Errorf("a switch that the mystery needs has a rule that was written by hand; remove it: traceria failure clear %s", status.Key)
		}
		m.Before[status.Key] = status.Active
	}
	if err := m.write(); err != nil {
		return err
	}
	noticed := s.noticed(ctx)
	for _, key := range m.Keys {
		entry, err := failure.Lookup(key)
		if err != nil {
			return err
		}
		setting := failure.Setting{Variant: entry.First(), Customer: m.Customer, Unmarked: true}
		if err := s.Switches.Set(ctx, key, &setting); err != nil {
			return err
		}
	}
	return s.awaitNoticed(ctx, noticed)
}

// Culprits returns the failures of a seed. The same seed gives the same mystery.
func Culprits(seed uint64, level int) []failure.Key {
	random := rand.New(rand.NewPCG(seed, uint64(level))) //nolint:gosec // a game
	if level < Levels {
		return []failure.Key{culprits[level][random.IntN(len(culprits[level]))]}
	}
	hard := culprits[Levels][random.IntN(len(culprits[Levels]))]
	easy := culprits[1][random.IntN(len(culprits[1]))]
	return []failure.Key{easy, hard}
}

func (m *Mystery) write() error { return writeState(m.path, m) }

// Hint returns the next hint.
func (m *Mystery) Hint() (string, error) {
	entry, err := failure.Lookup(m.Keys[min(m.Hints/3, len(m.Keys)-1)])
	if err != nil {
		return "", err
	}
	hints := []string{
		"It is in the group " + entry.Group + " of traceria failure list.",
		"It happens at: " + entry.Where + ".",
		"What Jaeger shows: " + entry.Jaeger,
	}
	hint := hints[m.Hints%3]
	if m.Hints < 3*len(m.Keys)-1 {
		m.Hints++
	}
	return hint, m.write()
}

// Guess reports whether the keys are those of the mystery, in any order. A wrong guess is counted. It returns the right ones.
func (m *Mystery) Guess(keys []failure.Key) (right []failure.Key, solved bool, err error) {
	for _, key := range keys {
		if _, err := failure.Lookup(key); err != nil {
			return nil, false, err
		}
		if slices.Contains(m.Keys, key) && !slices.Contains(right, key) {
			right = append(right, key)
		}
	}
	if solved = len(right) == len(m.Keys) && len(keys) == len(right); !solved {
		m.Guesses++
		err = m.write()
	}
	return right, solved, err
}

// Clue is what gave a failure away.
type Clue struct {
	Key    failure.Key `json:"key"`
	Title  string      `json:"title"`
	Breaks string      `json:"breaks"`
	Jaeger string      `json:"jaeger"`
	Repair string      `json:"repair"`
}

// Evidence is the tree of an order of the mystery, and how it differs from that of an order without a failure.
type Evidence struct {
	Order      string `json:"order"`
	Trace      string `json:"trace"`
	Difference string `json:"difference"`
}

// evidenceTime limits the wait for the spans of an order.
const evidenceTime = 8 * time.Second

// Explain returns what the failures are, and the spans that gave them away.
func (s System) Explain(ctx context.Context, m *Mystery) (clues []Clue, evidence Evidence, err error) {
	for _, key := range m.Keys {
		entry, err := failure.Lookup(key)
		if err != nil {
			return nil, evidence, err
		}
		clues = append(clues, Clue{key, entry.Title, entry.Breaks, entry.Jaeger, entry.Repair})
	}
	golden, err := tracetree.ParseGolden(cleanTree)
	if err != nil {
		return clues, evidence, err
	}
	for i, order := range m.Orders {
		read := func(ctx context.Context) ([]tracetree.Span, error) { return s.Jaeger.Conversation(ctx, order) }
		spans, err := tracetree.ReadAtRest(ctx, read, evidenceTime)
		if errors.Is(err, tracetree.ErrNotFound) {
			continue
		}
		if err != nil {
			return clues, evidence, err
		}
		evidence = Evidence{Order: order, Trace: s.JaegerURL + "/trace/" + m.Traces[i], Difference: golden.Compare(tracetree.Build(spans))}
		if evidence.Difference != "" {
			break
		}
	}
	return clues, evidence, nil
}

// EndMystery puts the switches back.
func (s System) EndMystery(ctx context.Context, m *Mystery) error {
	if _, err := s.Switches.restore(ctx, m.Before); err != nil {
		return err
	}
	if err := os.Remove(m.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
