package console

import (
	"context"
	"sync"
	"time"
)

const (
	// mostStreams limits the event streams.
	mostStreams = 256
	// leastGap is the least time between two events of journeys in a stream: at most 5 a second.
	leastGap = 200 * time.Millisecond
	// resets is how many streams may read the whole list at the same time.
	resets = 4
)

// hub knows the open streams and tells them that something has changed. A stream then looks itself: there is no queue of events
// that could grow.
type hub struct {
	console *console
	feeds   map[string]*feed
	rows    rowTexts
	resets  chan struct{}
	gap     time.Duration

	mu    sync.Mutex
	bells map[chan struct{}]bool
}

func newHub(c *console) *hub {
	h := &hub{console: c, bells: map[chan struct{}]bool{}, feeds: map[string]*feed{}, resets: make(chan struct{}, resets), gap: leastGap}
	h.feeds[topicFailures] = newFeed(time.Second, func(ctx context.Context) (any, error) { return c.board(ctx) })
	if c.system.Counter != nil {
		h.feeds[topicLoad] = newFeed(time.Second, func(context.Context) (any, error) { return c.load.now(), nil })
		c.load.changed = func() { h.look(topicLoad) }
	}
	if c.system.Queues != nil {
		h.feeds[topicQueues] = newFeed(time.Second, func(ctx context.Context) (any, error) { return c.queues(ctx), nil })
	}
	if c.system.Parts != nil {
		h.feeds[topicParts] = newFeed(3*time.Second, func(ctx context.Context) (any, error) { return c.parts(ctx), nil })
	}
	if c.system.Scenarios != nil {
		h.feeds[topicRun] = newFeed(time.Second, func(context.Context) (any, error) { return c.system.Scenarios.Current(), nil })
	}
	return h
}

// look asks a topic for its state now.
func (h *hub) look(topic string) {
	if f := h.feeds[topic]; f != nil {
		f.look()
	}
}

// work feeds the streams until ctx ends.
func (h *hub) work(ctx context.Context, group *sync.WaitGroup) {
	for _, f := range h.feeds {
		group.Go(func() { f.fill(ctx, h.ring) })
	}
	group.Go(func() { h.followJourneys(ctx) })
	if s := h.console.system.Scenarios; s != nil {
		group.Go(func() {
			for ctx.Err() == nil {
				changed := s.Changed()
				h.look(topicRun)
				select {
				case <-changed:
				case <-ctx.Done():
				}
			}
		})
	}
}

// followJourneys rings after each change of a journey, at most once in a gap.
func (h *hub) followJourneys(ctx context.Context) {
	pause := time.NewTicker(h.gap)
	defer pause.Stop()
	seen := h.console.store.Version()
	for {
		if err := h.console.store.Wait(ctx, seen); err != nil {
			return
		}
		seen = h.console.store.Version() // before the ring: a change after it is waited for
		h.ring()
		select {
		case <-pause.C:
		case <-ctx.Done():
			return
		}
	}
}

// enter returns the bell of a new stream, or nil if there are too many. The caller must call leave.
func (h *hub) enter() (bell chan struct{}, leave func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.bells) >= mostStreams {
		return nil, nil
	}
	bell = make(chan struct{}, 1)
	h.bells[bell] = true
	return bell, func() {
		h.mu.Lock()
		delete(h.bells, bell)
		h.mu.Unlock()
	}
}

// open is the number of streams.
func (h *hub) open() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.bells)
}

// ring tells every stream to look.
func (h *hub) ring() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for bell := range h.bells {
		select {
		case bell <- struct{}{}:
		default: // it has not looked since the last ring
		}
	}
}
