package event

import (
	"errors"
	"fmt"
	"unicode"
	"unicode/utf8"
)

// CheckText says what in text cannot be stored, logged and sent on as it is; nil when nothing is. It refuses
// bytes that are not UTF-8, U+FFFD (what encoding/json makes of such bytes, without a word: the text was damaged
// before it came), control characters, of which PostgreSQL stores no NUL at all, and the two line ends of
// Unicode, U+2028 and U+2029. The empty text is right.
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
