package host

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"traceria/services/event"
)

// Problem is an error that an HTTP caller can act on (RFC 9457, application/problem+json).
type Problem struct {
	// Status is the HTTP status code.
	Status int `json:"status"`
	// Title is the kind of problem, the same each time.
	Title string `json:"title"`
	// Detail says what is wrong this time, and what is allowed.
	Detail string `json:"detail,omitempty"`
	// Field is the part of the request that is wrong, such as items[0].quantity.
	Field string `json:"field,omitempty"`

	// ErrorType is the error.type on the server's span of a 5xx, when that says more than the status.
	ErrorType string `json:"-"`
}

// Error implements error.
func (p *Problem) Error() string {
	if p.Field != "" {
		return p.Title + ": " + p.Field + ": " + p.Detail
	}
	return p.Title + ": " + p.Detail
}

// Invalid is a 422: the request is readable, but field is not what is allowed.
func Invalid(field, format string, args ...any) *Problem {
	return &Problem{
		Status: http.StatusUnprocessableEntity, Title: "Invalid request", Detail: fmt.Sprintf(format, args...), Field: field,
	}
}

// NotFound is a 404.
func NotFound(format string, args ...any) *Problem {
	return &Problem{Status: http.StatusNotFound, Title: "Not found", Detail: fmt.Sprintf(format, args...)}
}

// Conflict is a 409: the request is right, but not now.
func Conflict(format string, args ...any) *Problem {
	return &Problem{Status: http.StatusConflict, Title: "Conflict", Detail: fmt.Sprintf(format, args...)}
}

// FromCaller turns the refusal of an event into a 422 when what was refused is in one of the fields, or in a part of
// one, that the caller's request filled. Any other error is passed on: a 500, for which the service is to blame.
func FromCaller(err error, fields ...string) error {
	refusal, ok := errors.AsType[*event.Refusal](err)
	if !ok {
		return err
	}
	whole, _, _ := strings.Cut(strings.ReplaceAll(refusal.Field, "[", "."), ".")
	if !slices.Contains(fields, whole) {
		return err
	}
	return Invalid(refusal.Field, "%s; no event could say so, and nothing was stored", refusal)
}

// refused is what the caller is told of an event that the service itself got wrong.
func refused(refusal *event.Refusal) *Problem {
	return &Problem{
		Status: http.StatusInternalServerError, Title: "Event refused",
		Detail: refusal.Error() + "; nothing was stored", Field: refusal.Field, ErrorType: refusal.ErrorType(),
	}
}

// CheckText returns a 422 that names field when text is not what every store, log and page keeps as it is: control
// characters (line ends and tabs too) and damaged UTF-8 (see [event.CheckText]).
func CheckText(field, text string) error {
	if err := event.CheckText(text); err != nil {
		return Invalid(field, "%v", err)
	}
	return nil
}

// MaxID is the longest id, name or line of an address, in bytes.
const MaxID = 200

// CheckID returns a 422 that names field when text is empty, longer than [MaxID], or not what [CheckText] allows.
func CheckID(field, text string) error {
	if strings.TrimSpace(text) == "" {
		return Invalid(field, "is missing; want 1 to %d bytes of text", MaxID)
	}
	if len(text) > MaxID {
		return Invalid(field, "is %d bytes long, want 1 to %d", len(text), MaxID)
	}
	return CheckText(field, text)
}

// maxBody is the longest request body that is taken, in bytes. The longest honest order is a few kilobytes.
const maxBody = 1 << 20

var tooLarge = &Problem{
	Status: http.StatusRequestEntityTooLarge, Title: "Request body too large",
	Detail: fmt.Sprintf("at most %d bytes are read", maxBody), Field: "body",
}

// ReadJSON reads the request's body, at most 1 MiB, as T. Fields that T does not have are ignored. What it
// returns on failure is a [Problem] that names the field.
func ReadJSON[T any](w http.ResponseWriter, r *http.Request) (T, error) {
	var value T
	body, err := readBody(r)
	if err != nil {
		return value, err
	}
	if err := json.Unmarshal(body, &value); err != nil {
		return value, unreadable(err)
	}
	if name := doubled(body); name != "" {
		problem := unreadableBody("is there twice; each member of an object is given once")
		problem.Field = name
		return value, problem
	}
	return value, nil
}

// doubled returns the name of a member that an object has twice, or "": encoding/json takes the last one without a word, and
// whoever reads the body before us may take the first (RFC 8259, section 4). Names that differ in upper and lower case only
// are the same member to encoding/json.
func doubled(body []byte) string {
	decoder := json.NewDecoder(bytes.NewReader(body))
	var objects []map[string]bool // those that are open; nil stands for a list
	isName := false
	for {
		token, err := decoder.Token()
		if err != nil { // the end: the body has been read before
			return ""
		}
		switch token {
		case json.Delim('{'):
			objects, isName = append(objects, map[string]bool{}), true
			continue
		case json.Delim('['):
			objects, isName = append(objects, nil), false
			continue
		case json.Delim('}'), json.Delim(']'):
			objects = objects[:len(objects)-1]
		}
		if name, ok := token.(string); ok && isName {
			known := objects[len(objects)-1]
			if folded := strings.ToLower(name); known[folded] {
				return name
			} else {
				known[folded] = true
			}
			isName = false
			continue
		}
		isName = len(objects) > 0 && objects[len(objects)-1] != nil
	}
}

// Header returns a header of the request that may be given once at most; a second one is a 400 that names it.
func Header(r *http.Request, name string) (string, error) {
	values := r.Header.Values(name)
	if len(values) > 1 {
		return "", &Problem{
			Status: http.StatusBadRequest, Title: "Unreadable request", Field: name,
			Detail: fmt.Sprintf("is there %d times; it may be given once", len(values)),
		}
	}
	return r.Header.Get(name), nil
}

func readBody(r *http.Request) ([]byte, error) {
	if r.ContentLength > maxBody {
		return nil, tooLarge
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, &Problem{
			Status: http.StatusRequestTimeout, Title: "Request timeout",
			Detail: fmt.Sprintf("the request did not arrive whole within %s", bodyTime), Field: "body",
		}
	case err != nil: // its text is of sockets and chunks
		return nil, unreadableBody("the body ended before it was whole")
	case len(body) > maxBody:
		return nil, tooLarge
	case !utf8.Valid(body): // encoding/json would replace the bytes without a word
		return nil, unreadableBody("not valid UTF-8")
	}
	return body, nil
}

func unreadableBody(detail string) *Problem {
	return &Problem{Status: http.StatusBadRequest, Title: "Unreadable request", Detail: detail, Field: "body"}
}

// unreadable names the field where the type is wrong, or the place where the JSON is.
func unreadable(err error) *Problem {
	problem := unreadableBody("")
	var wrongType *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &wrongType):
		if wrongType.Field != "" {
			problem.Field = wrongType.Field
		}
		problem.Detail = fmt.Sprintf("got a JSON %s, want %s", wrongType.Value, jsonType(wrongType.Type.Kind().String()))
	case errors.As(err, &syntax):
		problem.Detail = fmt.Sprintf("not JSON at byte %d: %s", syntax.Offset, syntax.Error())
	default:
		problem.Detail = err.Error()
	}
	return problem
}

func jsonType(kind string) string {
	switch kind {
	case "struct", "map":
		return "an object"
	case "slice", "array":
		return "a list"
	case "string":
		return "a string"
	case "bool":
		return "true or false"
	default:
		return "a number"
	}
}

// WriteJSON answers with value as JSON.
func WriteJSON(w http.ResponseWriter, status int, value any) error {
	return write(w, status, "application/json", value)
}

func writeProblem(w http.ResponseWriter, problem *Problem) error {
	return write(w, problem.Status, "application/problem+json", problem)
}

func write(w http.ResponseWriter, status int, contentType string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(text)+1)) // whole for the caller although the handler goes on
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n')) // a caller who has gone does not matter
	return nil
}
