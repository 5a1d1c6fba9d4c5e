package store

import "time"

// Woken takes the wake-up that a commit left for the relay.
func (db *DB) Woken() bool {
	select {
	case <-db.wake:
		return true
	default:
		return false
	}
}

// SetRetention sets how long the inbox remembers.
func (db *DB) SetRetention(d time.Duration) { db.retention = d }

// Relaying tells whether this process has the relay's lock.
func (db *DB) Relaying() bool { return db.relaying.Load() }

// AnswerTime is how long a transaction may take.
const AnswerTime = answerTime
