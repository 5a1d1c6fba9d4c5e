package console

import "time"

// SetReadTime changes the time in which a reader of a stream must read. The function that it returns undoes that.
func SetReadTime(d time.Duration) (undo func()) {
	before := readTime
	readTime = d
	return func() { readTime = before }
}
