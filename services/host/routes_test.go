package host_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"traceria/services/host"
	"traceria/telemetry/tracetree"
)

func menu(r *host.Routes) {
	r.Query("GET /menu", func(w http.ResponseWriter, _ *http.Request) error {
		return host.WriteJSON(w, http.StatusOK, "pizza")
	})
	r.Command("POST /menu", func(http.ResponseWriter, *http.Request) error { panic("the oven is on fire") })
}

func TestUnknownPathGetsAProblem(t *testing.T) {
	t.Parallel()
	service := run(t, menu)
	for _, path := range []string{"/pasta", "//menu", "/menu/", "/menu/../menu", "/./menu"} {
		want := host.Problem{Status: http.StatusNotFound, Title: "Not found", Detail: "no route for GET " + path}
		if diff := cmp.Diff(want, service.call(t, http.MethodGet, path, "").problem(t)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", path, diff)
		}
	}
}

func TestWrongMethodListsTheAllowedMethods(t *testing.T) {
	t.Parallel()
	a := run(t, menu).call(t, http.MethodDelete, "/menu", "")
	want := host.Problem{
		Status: http.StatusMethodNotAllowed, Title: "Method not allowed",
		Detail: "DELETE is not allowed on /menu; allowed: GET, HEAD, POST",
	}
	if diff := cmp.Diff(want, a.problem(t)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := a.header.Get("Allow"); got != "GET, HEAD, POST" {
		t.Errorf("Allow is %q", got)
	}
}

func TestPanicBecomesAnInternalError(t *testing.T) {
	t.Parallel()
	service := run(t, menu)
	if p := service.call(t, http.MethodPost, "/menu", "").problem(t); p.Status != http.StatusInternalServerError {
		t.Errorf("got %+v", p)
	}
	if a := service.call(t, http.MethodGet, "/menu", ""); a.status != http.StatusOK {
		t.Errorf("the next request got %d", a.status)
	}
	if !strings.Contains(service.log.String(), "the oven is on fire") {
		t.Error("the log lacks the panic")
	}
}

func TestServerSpanHasRouteKindAndTraceResponse(t *testing.T) {
	t.Parallel()
	service := run(t, menu)
	a := service.call(t, http.MethodGet, "/menu", "")
	span := spanNamed(t, service, "GET /menu")
	want := "00-" + span.TraceID + "-" + span.SpanID + "-01"
	if got := a.header.Get("traceresponse"); got != want || !regexp.MustCompile(`^00-[0-9a-f]{32}-[0-9a-f]{16}-01$`).MatchString(got) {
		t.Errorf("traceresponse is %q, want %q", got, want)
	}
	if span.Kind != "server" || span.Service != "test" || span.Attributes["traceria.kind"] != "query" || span.Attributes["http.route"] != "/menu" {
		t.Errorf("got kind %s, service %s, attributes %v", span.Kind, span.Service, span.Attributes)
	}
}

func TestFailedRequestMarksItsSpan(t *testing.T) {
	t.Parallel()
	service := run(t, menu)
	service.call(t, http.MethodPost, "/menu", "")
	span := spanNamed(t, service, "POST /menu")
	if span.Status != "error" || span.Attributes["error.type"] == nil || span.Attributes["traceria.kind"] != "command" {
		t.Errorf("got status %q, attributes %v", span.Status, span.Attributes)
	}
}

func spanNamed(t *testing.T, service *running, name string) (found tracetree.Span) {
	t.Helper()
	eventually(t, "the span "+name+" ends", func() bool {
		for _, span := range service.memory.Spans() {
			if span.Name == name {
				found = span
				return true
			}
		}
		return false
	})
	return found
}
