package scenario

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/uuid"

	"traceria/services/failure"
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

// StartMystery switches on what the seed chooses, for a customer of its own and without marks, and places orders. The seed 0
// chooses one; then the name of the customer does not tell it. The error wraps [ErrBusy] while a run goes on, which may have set
// what the mystery would put back.
func (s System) StartMystery(ctx context.Context, seed uint64, level int) (*Mystery, error) {
	release, err := s.Hold(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	if _, err := s.OpenMystery(); !errors.Is(err, ErrNoMystery) {
		return nil, errors.Join(ErrMystery, err)
	}
	if err := s.Ready(ctx); err != nil {
		return nil, err
	}
	m := newMystery(seed, level)
	m.path = s.mysteryPath()
	if err := s.prepare(ctx, m); err != nil {
		return nil, errors.Join(err, s.endMystery(context.WithoutCancel(ctx), m))
	}
	orders, err := s.Order.PlaceAll(ctx, mysteryOrders, m.Customer, "")
	for _, order := range orders {
		if order.OrderID != "" {
			m.Orders, m.Traces = append(m.Orders, order.OrderID), append(m.Traces, order.TraceID)
		}
	}
	if err := errors.Join(err, m.write()); err != nil {
		return nil, errors.Join(err, s.endMystery(context.WithoutCancel(ctx), m))
	}
	return m, nil
}

func newMystery(seed uint64, level int) *Mystery {
	customer := fmt.Sprintf("mystery-%d", seed)
	if seed == 0 {
		seed, customer = 1+rand.Uint64N(mostSeed), "mystery-"+uuid.NewString()[:8] //nolint:gosec // a game
	}
	return &Mystery{
		Seed: seed, Level: level, Keys: Culprits(seed, level), Customer: customer, Started: time.Now(),
		Before: map[failure.Key]*failure.Setting{},
	}
}

// mostSeed is the greatest seed that is chosen. A person can write it down.
const mostSeed = 1_000_000

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
		if status.Active != nil && status.Active.Unmarked { // the console of docker compose has a mystery of its own
			return fmt.Errorf("%w elsewhere", ErrMystery)
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

// Suspects are the failures that a mystery of the level may have, and those of easier ones, in the order of the catalogue.
func Suspects(level int) (keys []failure.Key) {
	for _, entry := range failure.Catalogue() {
		for easier := 1; easier <= level; easier++ {
			if slices.Contains(culprits[easier], entry.Key) {
				keys = append(keys, entry.Key)
			}
		}
	}
	return keys
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

// EndMystery puts the switches back. The error wraps [ErrBusy] while a run goes on, which puts back what it found.
func (s System) EndMystery(ctx context.Context, m *Mystery) error {
	release, err := s.Hold(ctx)
	if err != nil {
		return err
	}
	defer release()
	return s.endMystery(ctx, m)
}

func (s System) endMystery(ctx context.Context, m *Mystery) error {
	if _, err := restore(ctx, s.Switches, m.Before); err != nil {
		return err
	}
	if err := os.Remove(m.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
