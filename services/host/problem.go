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
	// Title names the kind of problem. It is the same for each occurrence.
	Title string `json:"title"`
	// Detail describes this occurrence and what is allowed.
	Detail string `json:"detail,omitempty"`
	// Field is the wrong part of the request, such as items[0].quantity.
	Field string `json:"field,omitempty"`

	// ErrorType is the error.type of the server span of a 5xx. Empty means the status code.
	ErrorType string `json:"-"`
}

// Error implements error.
func (p *Problem) Error() string {
	if p.Field != "" {
		return p.Title + ": " + p.Field + ": " + p.Detail
	}
	return p.Title + ": " + p.Detail
}

// Invalid returns a 422: the request is readable, but the value of field is not allowed.
func Invalid(field, format string, args ...any) *Problem {
	return &Problem{
		Status: http.StatusUnprocessableEntity, Title: "Invalid request", Detail: fmt.Sprintf(format, args...), Field: field,
	}
}

// NotFound returns a 404.
func NotFound(format string, args ...any) *Problem {
	return &Problem{Status: http.StatusNotFound, Title: "Not found", Detail: fmt.Sprintf(format, args...)}
}

// Conflict returns a 409: the present state does not allow the request.
func Conflict(format string, args ...any) *Problem {
	return &Problem{Status: http.StatusConflict, Title: "Conflict", Detail: fmt.Sprintf(format, args...)}
}

// FromCaller turns the refusal of an event into a 422 when the refused field is one of fields or inside one: the caller
// supplied its value. It returns other errors unchanged, and they become a 500.
func FromCaller(err error, fields ...string) error {
	refusal, ok := errors.AsType[*event.Refusal](err)
	if !ok {
		return err
	}
	whole, _, _ := strings.Cut(strings.ReplaceAll(refusal.Field, "[", "."), ".")
	if !slices.Contains(fields, whole) {
		return err
	}
	return Invalid(refusal.Field, "%s; the event's contract does not allow it, and nothing was stored", refusal)
}

// refused returns the 500 for an event that the service itself built wrongly.
func refused(refusal *event.Refusal) *Problem {
	return &Problem{
		Status: http.StatusInternalServerError, Title: "Event refused",
		Detail: refusal.Error() + "; nothing was stored", Field: refusal.Field, ErrorType: refusal.ErrorType(),
	}
}

// CheckText returns a 422 that names field when text has control characters (line ends and tabs included) or invalid
// UTF-8. See [event.CheckText].
func CheckText(field, text string) error {
	if err := event.CheckText(text); err != nil {
		return Invalid(field, "%v", err)
	}
	return nil
}

// maxBody limits a request body, in bytes. A real order has a few kilobytes.
const maxBody = 1 << 20

var tooLarge = &Problem{
	Status: http.StatusRequestEntityTooLarge, Title: "Request body too large",
	Detail: fmt.Sprintf("at most %d bytes are allowed", maxBody), Field: "body",
}

// ReadJSON decodes the request's body, at most 1 MiB, into a T. It ignores unknown fields. Its errors are [Problem]
// values that name the field.
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
		problem := unreadableBody("is given twice; each member of an object may occur once")
		problem.Field = name
		return value, problem
	}
	return value, nil
}

// doubled returns the name of a repeated member, or "". encoding/json silently takes the last one, another reader may
// take the first (RFC 8259, section 4). It also ignores case, so names that differ in case only count as equal.
func doubled(body []byte) string {
	decoder := json.NewDecoder(bytes.NewReader(body))
	var objects []map[string]bool // the open objects; nil stands for a list
	isName := false
	for {
		token, err := decoder.Token()
		if err != nil { // io.EOF: ReadJSON has parsed the body
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

// Header returns a request header that may occur once at most. A repeated header is a 400 that names it.
func Header(r *http.Request, name string) (string, error) {
	values := r.Header.Values(name)
	if len(values) > 1 {
		return "", &Problem{
			Status: http.StatusBadRequest, Title: "Unreadable request", Field: name,
			Detail: fmt.Sprintf("is given %d times, want once at most", len(values)),
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
			Detail: fmt.Sprintf("the request did not arrive completely within %s", bodyTime), Field: "body",
		}
	case err != nil: // its text names sockets and chunks
		return nil, unreadableBody("the body is incomplete")
	case len(body) > maxBody:
		return nil, tooLarge
	case !utf8.Valid(body): // encoding/json would silently replace the bytes
		return nil, unreadableBody("not valid UTF-8")
	}
	return body, nil
}

// Unreadable is the problem of a field that cannot be read. The detail says what was found and what is allowed.
func Unreadable(field, format string, args ...any) *Problem {
	problem := unreadableBody(fmt.Sprintf(format, args...))
	problem.Field = field
	return problem
}

func unreadableBody(detail string) *Problem {
	return &Problem{Status: http.StatusBadRequest, Title: "Unreadable request", Detail: detail, Field: "body"}
}

// unreadable names the field with the wrong type, or the byte where the syntax is wrong.
func unreadable(err error) *Problem {
	if problem, ok := errors.AsType[*Problem](err); ok {
		return problem
	}
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
	case "float32", "float64":
		return "a number"
	default:
		return "a whole number"
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
		return fmt.Errorf("encode the answer: %w", err)
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(text)+1)) // the caller has the whole answer while the handler still runs
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n')) // the caller may have closed the connection
	return nil
}
