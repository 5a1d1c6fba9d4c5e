package host

import (
	"strings"

	"traceria/services/event"
)

// MaxID is the longest id, name or line of an address, in bytes.
const MaxID = 200

const (
	allowedLine = "want 1 to 200 bytes of UTF-8 text, not only spaces, without control characters"
	allowedID   = allowedLine + `; ".", ".." and "/" alone are not allowed`
)

// CheckID returns a 422 that names field and what is allowed when text cannot be an id. An id may have any characters that
// [event.CheckText] allows, also / and %, because in a path each one is escaped (url.PathEscape). It may not be "." or "..":
// escaped or not, clients and proxies remove these parts of a path (https://url.spec.whatwg.org/#double-dot-path-segment). Nor may it
// be "/": http.ServeMux takes %2F for an empty part.
func CheckID(field, text string) error {
	if text == "." || text == ".." || text == "/" {
		return Invalid(field, "is %q; %s", text, allowedID)
	}
	return check(field, text, allowedID)
}

// CheckLine returns a 422 that names field and what is allowed when text is not a line of 1 to [MaxID] bytes that
// [event.CheckText] allows.
func CheckLine(field, text string) error { return check(field, text, allowedLine) }

func check(field, text, allowed string) error {
	if strings.TrimSpace(text) == "" {
		return Invalid(field, "is missing; %s", allowed)
	}
	if len(text) > MaxID {
		return Invalid(field, "is %d bytes long; %s", len(text), allowed)
	}
	if err := event.CheckText(text); err != nil {
		return Invalid(field, "%v; %s", err, allowed)
	}
	return nil
}
