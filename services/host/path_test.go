package host_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"traceria/services/host"
)

// idPieces are parts of ids that mean something in a path, a query or a database.
var idPieces = []string{
	"", "a", "Z", "7", "/", "//", "%", "%2F", "%zz", ".", "..", "/..", "/./", " ", "+", ";", "?", "#", "&", "=", ":", "@", "https://idp.example/users/7",
	"\\", "{id}", "é", "日本", "\u00a0", "🍕", "\x00", "\n", "\x1b", "\x7f", "\xff", "\xc3", "\u2028", "\ufffd", "e\u0301", "cancel",
	strings.Repeat("x", host.MaxID-1), strings.Repeat("/", 300),
}

func drawID(rt *rapid.T) string {
	return strings.Join(rapid.SliceOfN(rapid.SampledFrom(idPieces), 0, 5).Draw(rt, "id"), "")
}

// An id that CheckID allows reaches the handler unchanged, whatever is in it. Each other path gets a 4xx problem, not a redirect.
func TestEveryAllowedIDIsOnePartOfThePath(t *testing.T) {
	t.Parallel()
	var got string
	handle := func(w http.ResponseWriter, r *http.Request) error {
		got = r.PathValue("id")
		if err := host.CheckID("id", got); err != nil {
			return err
		}
		return host.WriteJSON(w, http.StatusOK, got)
	}
	service := run(t, func(r *host.Routes) {
		r.Query("GET /thing/{id}", handle)
		r.Query("GET /thing/{id}/part", handle)
	})
	check := func(rt rapid.TB, id string) {
		wrong := host.CheckID("id", id)
		for _, rest := range []string{"", "/part"} {
			got = "not called"
			a := service.call(t, http.MethodGet, "/thing/"+url.PathEscape(id)+rest, "")
			if wrong == nil {
				if a.status != http.StatusOK || got != id {
					rt.Errorf("%q%s: got %d %q", id, rest, a.status, got)
				}
				continue
			}
			if a.status != http.StatusNotFound && a.status != http.StatusUnprocessableEntity || a.problem(t).Detail == "" {
				rt.Errorf("%q%s: got %d %s, want a 404 or 422 problem", id, rest, a.status, a.body)
			}
		}
	}
	for _, piece := range idPieces {
		check(t, piece)
	}
	rapid.Check(t, func(rt *rapid.T) { check(rt, drawID(rt)) })
}

func TestARefusedIDSaysWhatIsAllowed(t *testing.T) {
	t.Parallel()
	for id, allowed := range map[string]bool{
		"https://idp.example/users/7": true, "team/": true, "//": true, "/a": true, "%2F": true, "...": true, ". ": true, "a/../b": true, " a ": true, "é": true,
		"+;?#": true, strings.Repeat("x", host.MaxID): true,
		"": false, " ": false, "/": false, "\u00a0": false, ".": false, "..": false, "a\x00": false, "a\n": false, "\xff": false, "\u2028": false,
		strings.Repeat("x", host.MaxID+1): false,
	} {
		err := host.CheckID("customerId", id)
		problem, refused := errors.AsType[*host.Problem](err)
		if refused == allowed || refused && (problem.Field != "customerId" || !strings.Contains(problem.Detail, "want 1 to 200 bytes of UTF-8 text")) {
			t.Errorf("%.60q: got %v, allowed %t", id, err, allowed)
		}
	}
}

// A long path or method is not repeated as a whole.
func TestAPathWithoutARouteIsShownEscapedAndShortened(t *testing.T) {
	t.Parallel()
	service := run(t, menu)
	for path, want := range map[string]string{
		"/pasta%00%0a%ff": "no route for GET /pasta%00%0a%ff", "/" + strings.Repeat("x", 5000): "no route for GET /" + strings.Repeat("x", 299),
		"/p%C3%A9": "no route for GET /p%C3%A9", "/menu%2F..": "no route for GET /menu%2F..",
	} {
		if got := service.call(t, http.MethodGet, path, "").problem(t); got.Status != http.StatusNotFound || got.Detail != want {
			t.Errorf("%.60s: got %d %s", path, got.Status, got.Detail)
		}
	}
	long := service.call(t, http.MethodDelete+strings.Repeat("X", 500), "/menu", "").problem(t)
	if long.Status != http.StatusMethodNotAllowed || len(long.Detail) > 120 {
		t.Errorf("got %d %s", long.Status, long.Detail)
	}
}

func TestAQueryThatCannotBeReadIsRefused(t *testing.T) {
	t.Parallel()
	service := run(t, func(r *host.Routes) {
		r.Query("GET /things", func(w http.ResponseWriter, r *http.Request) error {
			values, err := host.Query(r)
			if err != nil {
				return err
			}
			return host.WriteJSON(w, http.StatusOK, values.Get("id"))
		})
	})
	for query, want := range map[string]int{
		"": 200, "?id=": 200, "?id=a%3Bb": 200, "?id=a%2Fb": 200, "?id=a+b": 200, "?id=a&x=b": 200,
		"?id=a;b": 400, "?id=%zz": 400, "?id=a%": 400, "?id=a&id=b": 400,
	} {
		a := service.call(t, http.MethodGet, "/things"+query, "")
		if a.status != want || want == 400 && (a.problem(t).Detail == "" || a.problem(t).Field == "") {
			t.Errorf("%s: got %d %s, want %d", query, a.status, a.body, want)
		}
	}
}
