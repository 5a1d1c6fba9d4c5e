package store

import "time"

// Woken takes the pending wake-up of the relay and tells whether there was one.
func (db *DB) Woken() bool {
	select {
	case <-db.wake:
		return true
	default:
		return false
	}
}

// SetRetention sets the time for which the inbox keeps an event id.
func (db *DB) SetRetention(d time.Duration) { db.retention = d }

// AnswerTime is the time limit of one run of a transaction.
const AnswerTime = answerTime

// SetPoll sets the fallback polling interval of the relay. It must be called before Relay.
func (db *DB) SetPoll(d time.Duration) { db.poll = d }

// CommitAlone gives each transaction a commit of its own, for comparison with groups.
func (db *DB) CommitAlone() { db.backend = alone{db.backend} }

// alone is a backend whose transactions share no commits.
type alone struct{ backend }

func (alone) oneWriter() bool { return false }

// DelayCommits makes every end of a group take at least d.
func (db *DB) DelayCommits(d time.Duration) { db.backend = slow{db.backend, d} }

// slow is a backend that commits slowly.
type slow struct {
	backend
	delay time.Duration
}

func (s slow) intact() error {
	time.Sleep(s.delay)
	return s.backend.intact()
}

// Waiting returns the number of transactions in the line.
func (db *DB) Waiting() int {
	db.line.mu.Lock()
	defer db.line.mu.Unlock()
	return len(db.line.waiting)
}
