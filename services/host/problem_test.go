package host_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

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

// echo answers with the body that it read.
func echo(r *host.Routes) {
	r.Command("POST /echo", func(w http.ResponseWriter, r *http.Request) error {
		read, err := host.ReadJSON[body](w, r)
		if err != nil {
			return err
		}
		return host.WriteJSON(w, http.StatusOK, read)
	})
}

func TestABodyThatCannotBeReadGetsAProblemThatNamesTheField(t *testing.T) {
	t.Parallel()
	service := run(t, echo)
	for text, want := range map[string]host.Problem{
		``:                              {Field: "body", Detail: "not JSON at byte 0: unexpected end of JSON input"},
		`{"name":`:                      {Field: "body", Detail: "not JSON at byte 8: unexpected end of JSON input"},
		`name=x`:                        {Field: "body", Detail: "not JSON at byte 2: invalid character 'a' in literal null (expecting 'u')"},
		`{} {}`:                         {Field: "body", Detail: "not JSON at byte 4: invalid character '{' after top-level value"},
		`[]`:                            {Field: "body", Detail: "got a JSON array, want an object"},
		`"x"`:                           {Field: "body", Detail: "got a JSON string, want an object"},
		`{"name":1}`:                    {Field: "name", Detail: "got a JSON number, want a string"},
		`{"count":"1"}`:                 {Field: "count", Detail: "got a JSON string, want a number"},
		`{"inner":{"list":{}}}`:         {Field: "inner.list", Detail: "got a JSON object, want a list"},
		`{"inner":{"flag":0}}`:          {Field: "inner.flag", Detail: "got a JSON number, want true or false"},
		`{"inner":[]}`:                  {Field: "inner", Detail: "got a JSON array, want an object"},
		strings.Repeat("[", 1<<15):      {Field: "body", Detail: "not JSON at byte 10001: invalid character '[' exceeded max depth"},
		`{"count":9999999999999999999}`: {Field: "count", Detail: "got a JSON number 9999999999999999999, want a number"},
	} {
		a := service.call(t, http.MethodPost, "/echo", text)
		want.Status, want.Title = http.StatusBadRequest, "Unreadable request"
		if diff := cmp.Diff(want, a.problem(t)); diff != "" {
			t.Errorf("%.60s (-want +got)\n%s", text, diff)
		}
	}
}

func TestABodyOfTenMegabytesIsRefusedWhole(t *testing.T) {
	t.Parallel()
	service := run(t, echo)
	a := service.call(t, http.MethodPost, "/echo", `{"name":"`+strings.Repeat("x", 10<<20)+`"}`)
	want := host.Problem{
		Status: http.StatusRequestEntityTooLarge, Title: "Request body too large",
		Detail: "at most 1048576 bytes are read", Field: "body",
	}
	if diff := cmp.Diff(want, a.problem(t)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestABodyThatCanBeReadIsRead(t *testing.T) {
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

func TestAProblemIsFoundThroughWrapping(t *testing.T) {
	t.Parallel()
	service := run(t, func(r *host.Routes) {
		r.Query("GET /wrapped", func(http.ResponseWriter, *http.Request) error {
			return fmt.Errorf("look for it: %w", host.NotFound("there is no %s", "pizza"))
		})
		r.Query("GET /conflict", func(http.ResponseWriter, *http.Request) error { return host.Conflict("too late") })
		r.Query("GET /invalid", func(http.ResponseWriter, *http.Request) error { return host.Invalid("a.b", "want %d", 1) })
		r.Query("GET /secret", func(http.ResponseWriter, *http.Request) error { return errors.New("the password is hunter2") })
	})
	for path, want := range map[string]host.Problem{
		"/wrapped":  {Status: 404, Title: "Not found", Detail: "there is no pizza"},
		"/conflict": {Status: 409, Title: "Conflict", Detail: "too late"},
		"/invalid":  {Status: 422, Title: "Invalid request", Detail: "want 1", Field: "a.b"},
		"/secret":   {Status: 500, Title: "Internal error", Detail: "the service's log says more"},
	} {
		if diff := cmp.Diff(want, service.call(t, http.MethodGet, path, "").problem(t)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", path, diff)
		}
	}
	if !strings.Contains(service.log.String(), "hunter2") {
		t.Error("what the caller is not told is not in the log either")
	}
}
