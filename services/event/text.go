package event

import (
	"errors"
	"fmt"
	"unicode"
	"unicode/utf8"
)

// CheckText returns an error if text cannot be stored, logged and sent unchanged. It refuses invalid UTF-8, U+FFFD (encoding/json
// silently puts it in place of invalid bytes), control characters (PostgreSQL cannot store NUL), and the line separators U+2028
// and U+2029. It accepts the empty text.
func CheckText(text string) error {
	if !utf8.ValidString(text) {
		return errors.New("is not valid UTF-8")
	}
	for _, r := range text {
		switch {
		case r == utf8.RuneError:
			return errors.New("has the replacement character U+FFFD in it: it was not valid UTF-8")
		case unicode.IsControl(r), r == '\u2028', r == '\u2029':
			return fmt.Errorf("has the control character U+%04X in it", r)
		}
	}
	return nil
}
