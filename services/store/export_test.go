package store

// Woken takes the wake-up that a commit left for the relay.
func (db *DB) Woken() bool {
	select {
	case <-db.wake:
		return true
	default:
		return false
	}
}
