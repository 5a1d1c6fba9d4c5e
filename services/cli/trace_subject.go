package cli

import (
	"cmp"
	"net/url"
	"regexp"
	"strings"

	"github.com/google/uuid"
)

// subject is what a trace command is about: one of its fields is set.
type subject struct {
	traceID string
	// conversation is an order id, or staff-NAME for a member of the staff.
	conversation string
	orderNumber  string
}

// String names the subject as a user knows it.
func (s subject) String() string {
	if s.traceID != "" {
		return "trace " + s.traceID
	}
	if member, ok := strings.CutPrefix(s.conversation, "staff-"); ok {
		return "staff member " + member
	}
	return "order " + cmp.Or(s.orderNumber, s.conversation)
}

var (
	traceIDForm = regexp.MustCompile(`^[0-9a-f]{32}$`)
	// shortTraceIDForm is that of a link: Jaeger omits leading zeros.
	shortTraceIDForm = regexp.MustCompile(`^[0-9a-f]{1,32}$`)
	// traceParentForm is that of https://www.w3.org/TR/trace-context/#traceparent-header.
	traceParentForm = regexp.MustCompile(`^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(-.*)?$`)
	headerForm      = regexp.MustCompile(`(?i)^trace(parent|response)\s*[:=]\s*`)
	numberForm      = regexp.MustCompile(`(?i)^ORD[1-9][0-9]*$`)
	staffForm       = regexp.MustCompile(`^staff-[a-zA-Z0-9][a-zA-Z0-9._-]*$`)
)

// parseSubject reads what a person has at hand. The error says what is allowed.
func parseSubject(text string) (subject, error) {
	trimmed := strings.Trim(strings.TrimSpace(text), `"'<>,`)
	if strings.Contains(trimmed, "/") {
		if s, ok := subjectOfLink(trimmed); ok {
			return s, nil
		}
		return subject{}, unknownSubject(text)
	}
	lower := strings.ToLower(headerForm.ReplaceAllString(trimmed, ""))
	switch parent := traceParentForm.FindStringSubmatch(lower); {
	case parent != nil:
		return subject{traceID: parent[1]}, nil
	case traceIDForm.MatchString(lower):
		return subject{traceID: lower}, nil
	case isUUID(lower):
		return subject{conversation: lower}, nil
	case numberForm.MatchString(trimmed):
		return subject{orderNumber: strings.ToUpper(trimmed)}, nil
	case staffForm.MatchString(trimmed):
		return subject{conversation: trimmed}, nil
	default:
		return subject{}, unknownSubject(text)
	}
}

// subjectOfLink reads a link to Jaeger (…/trace/ID) or the order's own (…/order/ID).
func subjectOfLink(link string) (subject, bool) {
	u, err := url.Parse(link)
	if err != nil {
		return subject{}, false
	}
	segments := strings.Split(u.Path, "/")
	if u.Host == "" && u.Opaque != "" { // localhost:16686/trace/ID, where localhost looks like a scheme
		segments = strings.Split(u.Opaque, "/")
	}
	for i := len(segments) - 2; i >= 0; i-- {
		switch id := strings.ToLower(segments[i+1]); segments[i] {
		case "trace", "traces":
			return subject{traceID: strings.Repeat("0", max(0, 32-len(id))) + id}, shortTraceIDForm.MatchString(id)
		case "order":
			return subject{conversation: id}, isUUID(id)
		}
	}
	return subject{}, false
}

func isUUID(text string) bool {
	_, err := uuid.Parse(text)
	return err == nil && len(text) == 36
}

func unknownSubject(text string) error {
	return usagef("%.200q is not a trace: want an order id, an order number (ORD17), a trace id (32 hexadecimal digits), a traceparent, or a link that has one of them (http://…/trace/ID, …/order/ID)", text)
}
