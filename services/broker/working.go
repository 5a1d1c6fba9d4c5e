package broker

import (
	"slices"
	"sync"
	"time"
)

// Work is a message in the hands of a handler.
type Work struct {
	Queue          string `json:"queue"`
	ConversationID string `json:"conversationId"`
	// Since is when the handler took the message.
	Since time.Time `json:"since"`
}

// hands are handlers. The zero value has none.
type hands struct {
	mu  sync.Mutex
	all map[*hand]struct{}
}

func (h *hands) add(one *hand) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.all == nil {
		h.all = map[*hand]struct{}{}
	}
	h.all[one] = struct{}{}
}

func (h *hands) remove(one *hand) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.all, one)
}

// list returns what the handlers have, the longest first.
func (h *hands) list() []Work {
	h.mu.Lock()
	defer h.mu.Unlock()
	return worksOf(h.all)
}

func worksOf(all map[*hand]struct{}) []Work {
	var works []Work
	for one := range all {
		works = append(works, Work{one.queue, one.conversation, one.since})
	}
	slices.SortFunc(works, func(a, b Work) int { return a.Since.Compare(b.Since) })
	return works
}
