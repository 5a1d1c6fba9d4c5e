package host_test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"traceria/services/event"
	"traceria/services/host"
)

type body struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
	Inner struct {
		List []string `json:"list"`
		Flag bool     `json:"flag"`
	} `json:"inner"`
}

// echo answers with the decoded body.
func echo(r *host.Routes) {
	r.Command("POST /echo", func(w http.ResponseWriter, r *http.Request) error {
		read, err := host.ReadJSON[body](w, r)
		if err != nil {
			return err
		}
		return host.WriteJSON(w, http.StatusOK, read)
	})
}

func TestUnreadableBodyNamesTheField(t *testing.T) {
	t.Parallel()
	service := run(t, echo)
	for text, want := range map[string]host.Problem{
		``:                              {Field: "body", Detail: "not JSON at byte 0: unexpected end of JSON input"},
		`{"name":`:                      {Field: "body", Detail: "not JSON at byte 8: unexpected end of JSON input"},
		`name=x`:                        {Field: "body", Detail: "not JSON at byte 2: invalid character 'a' in literal null (expecting 'u')"},
		`{} {}`:                         {Field: "body", Detail: "not JSON at byte 4: invalid character '{' after top-level value"},
		"{\"name\":\"\xff\"}":           {Field: "body", Detail: "not valid UTF-8"},
		`[]`:                            {Field: "body", Detail: "got a JSON array, want an object"},
		`"x"`:                           {Field: "body", Detail: "got a JSON string, want an object"},
		`{"name":1}`:                    {Field: "name", Detail: "got a JSON number, want a string"},
		`{"count":"1"}`:                 {Field: "count", Detail: "got a JSON string, want a whole number"},
		`{"inner":{"list":{}}}`:         {Field: "inner.list", Detail: "got a JSON object, want a list"},
		`{"inner":{"flag":0}}`:          {Field: "inner.flag", Detail: "got a JSON number, want true or false"},
		`{"inner":[]}`:                  {Field: "inner", Detail: "got a JSON array, want an object"},
		strings.Repeat("[", 1<<15):      {Field: "body", Detail: "not JSON at byte 10001: invalid character '[' exceeded max depth"},
		`{"count":9999999999999999999}`: {Field: "count", Detail: "got a JSON number 9999999999999999999, want a whole number"},
	} {
		a := service.call(t, http.MethodPost, "/echo", text)
		want.Status, want.Title = http.StatusBadRequest, "Unreadable request"
		if diff := cmp.Diff(want, a.problem(t)); diff != "" {
			t.Errorf("%.60s (-want +got)\n%s", text, diff)
		}
	}
}

func TestOversizedBodyGetsAnAnswer(t *testing.T) {
	t.Parallel()
	service := run(t, echo)
	large := `{"name":"` + strings.Repeat("x", 40<<20) + `"}`
	want := host.Problem{
		Status: http.StatusRequestEntityTooLarge, Title: "Request body too large",
		Detail: "at most 1048576 bytes are allowed", Field: "body",
	}
	if diff := cmp.Diff(want, service.call(t, http.MethodPost, "/echo", large).problem(t)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	// This client sends no Content-Length and reads nothing before it has sent everything.
	conn := service.dial(t)
	send(t, conn, fmt.Sprintf("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(large), large))
	if diff := cmp.Diff(want, readAnswer(t, conn).problem(t)); diff != "" {
		t.Errorf("chunked (-want +got)\n%s", diff)
	}
	// An unknown route does not reset the connection either.
	if got := service.call(t, http.MethodPost, "/nowhere", large).problem(t); got.Status != http.StatusNotFound {
		t.Errorf("got %+v", got)
	}
}

func TestExpectContinueIsRefusedBeforeTheBody(t *testing.T) {
	t.Parallel()
	conn := run(t, echo).dial(t)
	send(t, conn, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\nExpect: 100-continue\r\n\r\n")
	if got := readAnswer(t, conn).problem(t); got.Status != http.StatusRequestEntityTooLarge {
		t.Errorf("got %+v", got)
	}
}

// The test lasts bodyTime, ten seconds.
func TestMissingBodyTimesOut(t *testing.T) {
	t.Parallel()
	conn := run(t, echo).dial(t)
	send(t, conn, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{")
	want := host.Problem{
		Status: http.StatusRequestTimeout, Title: "Request timeout", Detail: "the request did not arrive completely within 10s", Field: "body",
	}
	if diff := cmp.Diff(want, readAnswer(t, conn).problem(t)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestTruncatedBodyIsUnreadable(t *testing.T) {
	t.Parallel()
	conn := run(t, echo).dial(t)
	send(t, conn, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{")
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	want := host.Problem{Status: http.StatusBadRequest, Title: "Unreadable request", Detail: "the body is incomplete", Field: "body"}
	if diff := cmp.Diff(want, readAnswer(t, conn).problem(t)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// net/http refuses these requests before any handler runs.
func TestMalformedHTTPRequestGetsAProblem(t *testing.T) {
	t.Parallel()
	service := run(t, echo)
	for request, want := range map[string]host.Problem{
		"POTATO\r\n\r\n":                       {Status: 400, Title: "Bad Request", Detail: "the HTTP request cannot be read"},
		"GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n": {Status: 400, Title: "Bad Request", Detail: "the HTTP request cannot be read"},
		"GET / HTTP/1.1\r\n\r\n":               {Status: 400, Title: "Bad Request", Detail: "missing required Host header"},
		"GET / HTTP/3.0\r\nHost: x\r\n\r\n":    {Status: 505, Title: "HTTP Version Not Supported", Detail: "unsupported protocol version"},
		"GET / HTTP/1.1\r\nHost: x\r\nA: " + strings.Repeat("x", 1<<17) + "\r\n\r\n": {
			Status: 431, Title: "Request Header Fields Too Large", Detail: "the HTTP request cannot be read",
		},
	} {
		conn := service.dial(t)
		send(t, conn, request)
		if diff := cmp.Diff(want, readAnswer(t, conn).problem(t)); diff != "" {
			t.Errorf("%.40q (-want +got)\n%s", request, diff)
		}
	}
}

func TestCheckTextRefusesUnsafeText(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"a\x00b", "line\nline", "\x1b[31m", "\xff", "\ufffd"} {
		var problem *host.Problem
		if err := host.CheckText("items[0].itemName", text); !errors.As(err, &problem) ||
			problem.Status != http.StatusUnprocessableEntity || problem.Field != "items[0].itemName" || problem.Detail == "" {
			t.Errorf("%q: got %v", text, err)
		}
	}
	for _, text := range []string{"", "Quattro Stagioni", "Öl & Käse 🍕"} {
		if err := host.CheckText("x", text); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestReadJSONIgnoresUnknownFields(t *testing.T) {
	t.Parallel()
	service := run(t, echo)
	a := service.call(t, http.MethodPost, "/echo", `{"name":"x","inner":{"list":["a"]},"unknown":[1,2,3]}`)
	if want := `{"name":"x","count":0,"inner":{"list":["a"],"flag":false}}` + "\n"; a.status != http.StatusOK || a.body != want {
		t.Errorf("got %d %s, want %s", a.status, a.body, want)
	}
	if got := a.header.Get("Content-Type"); got != "application/json" {
		t.Errorf("content type is %q", got)
	}
}

func TestErrorsBecomeProblems(t *testing.T) {
	t.Parallel()
	service := run(t, func(r *host.Routes) {
		r.Query("GET /wrapped", func(http.ResponseWriter, *http.Request) error {
			return fmt.Errorf("look for it: %w", host.NotFound("there is no %s", "pizza"))
		})
		r.Query("GET /conflict", func(http.ResponseWriter, *http.Request) error { return host.Conflict("too late") })
		r.Query("GET /invalid", func(http.ResponseWriter, *http.Request) error { return host.Invalid("a.b", "want %d", 1) })
		r.Query("GET /away", func(http.ResponseWriter, *http.Request) error {
			return fmt.Errorf("read order: %w: the password is hunter2", event.ErrUnavailable)
		})
		r.Query("GET /secret", func(http.ResponseWriter, *http.Request) error { return errors.New("the password is hunter2") })
	})
	for path, want := range map[string]host.Problem{
		"/wrapped":  {Status: 404, Title: "Not found", Detail: "there is no pizza"},
		"/conflict": {Status: 409, Title: "Conflict", Detail: "too late"},
		"/invalid":  {Status: 422, Title: "Invalid request", Detail: "want 1", Field: "a.b"},
		"/away": {
			Status: 503, Title: "Not available at the moment",
			Detail: "the database or another service is unavailable or does not answer in time; try again (with the same Idempotency-Key an order is placed once)",
		},
		"/secret": {Status: 500, Title: "Internal error", Detail: "see the log of the service"},
	} {
		if diff := cmp.Diff(want, service.call(t, http.MethodGet, path, "").problem(t)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", path, diff)
		}
	}
	if n := strings.Count(service.log.String(), "hunter2"); n != 2 {
		t.Errorf("the log has the hidden details %d times, want twice", n)
	}
	if got := service.call(t, http.MethodGet, "/away", "").header.Get("Retry-After"); got != "1" {
		t.Errorf("Retry-After is %q", got)
	}
}
