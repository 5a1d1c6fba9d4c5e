package store

import (
	"time"

	"github.com/rs/zerolog"
)

// seldomPause is how long the log is spared the same trouble.
const seldomPause = time.Minute

// seldom logs a trouble that lasts: at once, and then once a minute.
type seldom struct {
	log  zerolog.Logger
	last time.Time
}

func (s *seldom) warn(err error, message string) {
	if now := time.Now(); s.last.IsZero() || now.Sub(s.last) >= seldomPause {
		s.last = now
		s.log.Warn().Str("error", brief(err.Error())).Msg(message)
	}
}

// over says that the next trouble is a new one.
func (s *seldom) over() { s.last = time.Time{} }
