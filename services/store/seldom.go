package store

import (
	"time"

	"github.com/rs/zerolog"
)

// seldomPause is the shortest interval between two log lines about one lasting error.
const seldomPause = time.Minute

// seldom logs a lasting error at once and then once a minute.
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

// over marks the end of the error. The next one is logged at once.
func (s *seldom) over() { s.last = time.Time{} }
