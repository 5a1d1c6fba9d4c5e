package store

import (
	"context"
	"slices"
	"sync"
	"time"
)

const (
	// groupMost is the most transactions that share a commit.
	groupMost = 64
	// groupTime is the time after which a group takes no more transactions. The first one waits for the last.
	groupTime = 20 * time.Millisecond
)

// line lets the transactions of a SQLite database run one after the other, in the order in which they come. Those that wait join
// the group of the one before.
type line struct {
	mu      sync.Mutex
	taken   bool
	waiting []chan *group // each has room for one value
}

// enter waits for the turn. g is the group to join, or nil if the caller opens one. The caller then calls [line.next].
func (l *line) enter(ctx context.Context) (g *group, err error) {
	l.mu.Lock()
	if !l.taken {
		l.taken = true
		l.mu.Unlock()
		return nil, nil //nolint:nilnil // the caller opens a group
	}
	turn := make(chan *group, 1)
	l.waiting = append(l.waiting, turn)
	l.mu.Unlock()
	select {
	case g := <-turn:
		return g, nil
	case <-ctx.Done():
	}
	if !l.withdraw(turn) { // the turn has come meanwhile
		l.next(<-turn)
	}
	return nil, ctx.Err()
}

// withdraw takes a caller out of the line. It returns false if the caller has its turn.
func (l *line) withdraw(turn chan *group) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := slices.Index(l.waiting, turn)
	if at < 0 {
		return false
	}
	l.waiting = slices.Delete(l.waiting, at, at+1)
	return true
}

// next gives the turn to the next caller. If there is none, or the group is full, next ends the group first. g is nil if the caller
// has opened no group.
func (l *line) next(g *group) {
	if g != nil && g.hasRoom() && l.pass(g) {
		return
	}
	if g != nil {
		g.end()
	}
	l.pass(nil)
}

// pass returns false if no caller waits. Without a group the line is then free.
func (l *line) pass(g *group) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) == 0 {
		if g == nil {
			l.taken = false
		}
		return false
	}
	turn := l.waiting[0]
	l.waiting = slices.Delete(l.waiting, 0, 1)
	turn <- g
	return true
}
