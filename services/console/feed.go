package console

import (
	"bytes"
	"context"
	"encoding/json"
	"sync"
	"time"
)

// The topics of the stream. A journey's topic is journey:ID.
const (
	topicJourneys = "journeys"
	topicJourney  = "journey:"
	topicFailures = "failures"
	topicQueues   = "queues"
	topicParts    = "parts"
	topicRun      = "run"
	topicLoad     = "load"
)

// feed is the latest state of a topic, as JSON. It is read again only while it has readers.
type feed struct {
	every time.Duration
	read  func(context.Context) (any, error)
	// wake asks for a read before its time.
	wake chan struct{}

	mu      sync.Mutex
	data    []byte
	version uint64
	readers int
}

func newFeed(every time.Duration, read func(context.Context) (any, error)) *feed {
	return &feed{every: every, read: read, wake: make(chan struct{}, 1)}
}

// join adds a reader. The caller must call leave. The first reader gets nothing that is older than it.
func (f *feed) join() (leave func()) {
	f.mu.Lock()
	if f.readers == 0 {
		f.data = nil
	}
	f.readers++
	f.mu.Unlock()
	f.look()
	return func() {
		f.mu.Lock()
		f.readers--
		f.mu.Unlock()
	}
}

// look asks for a read now.
func (f *feed) look() {
	select {
	case f.wake <- struct{}{}:
	default: // one is asked for already
	}
}

// now returns the state and its version. The state is nil before it was read.
func (f *feed) now() ([]byte, uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.data, f.version
}

func (f *feed) isRead() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.readers > 0
}

// put keeps a state and reports whether it differs from the one before.
func (f *feed) put(data []byte) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.data != nil && bytes.Equal(f.data, data) {
		return false
	}
	f.data = data
	f.version++
	return true
}

// leastPause limits how often a feed is read: at most ten times a second.
const leastPause = 100 * time.Millisecond

// fill reads the state at each tick and whenever it is asked for, until ctx ends. It calls changed after each change.
func (f *feed) fill(ctx context.Context, changed func()) {
	tick := time.NewTicker(f.every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-f.wake:
		}
		if !f.isRead() {
			continue
		}
		value, err := f.read(ctx)
		if err != nil || ctx.Err() != nil {
			continue // a request for the same state reports the error
		}
		if data, err := json.Marshal(value); err == nil && f.put(data) {
			changed()
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(leastPause):
		}
	}
}
