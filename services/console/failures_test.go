package console_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"traceria/services/failure"
)

func TestConsoleIsReadyWithoutBrokerAndDatabase(t *testing.T) {
	t.Parallel()
	c := run(t, false)
	if status, body := c.call(t, http.MethodGet, "/healthz", ""); status != 200 || body != `{"service":"console","status":"ok"}`+"\n" {
		t.Errorf("healthz: %d %s", status, body)
	}
	if status, body := c.call(t, http.MethodGet, "/readyz", ""); status != 200 || body != `{"status":"ready","service":"console"}`+"\n" {
		t.Errorf("readyz: %d %s", status, body)
	}
	if status, _ := c.call(t, http.MethodPost, "/outbox/resend", "{}"); status != http.StatusNotFound {
		t.Errorf("the console's resend route answers %d", status)
	}
}

func TestAPISetsListsAndClears(t *testing.T) {
	t.Parallel()
	c := run(t, false)
	status, body := c.call(t, http.MethodGet, "/api/failures", "")
	all := read[[]failure.Status](t, status, body)
	if len(all) != len(failure.Catalogue()) {
		t.Fatalf("%d keys", len(all))
	}
	if want := `{"key":"kitchen.slow","kind":"failure","title":`; !strings.Contains(body, want) || !strings.Contains(body, `"default":"off","active":null}`) {
		t.Errorf("%.300s", body)
	}
	for _, step := range []struct {
		key, body string
		want      failure.Setting
	}{
		{"kitchen.slow", "", failure.Setting{Variant: "2s"}},
		{"kitchen.slow", "{}", failure.Setting{Variant: "2s"}},
		{"kitchen.slow", `{"variant":"10s"}`, failure.Setting{Variant: "10s"}},
		{"kitchen.error", `{"percent":30}`, failure.Setting{Variant: "once", Percent: 30}},
		{"order-api.slow", `{"variant":"8s","customer":"anna"}`, failure.Setting{Variant: "8s", Customer: "anna"}},
		{"kitchen.crash", `{"percent":1}`, failure.Setting{Variant: "on", Percent: 1}},
	} {
		status, body := c.call(t, http.MethodPut, "/api/failures/"+step.key, step.body)
		now := read[failure.Status](t, status, body)
		if diff := cmp.Diff(&step.want, now.Active); diff != "" || string(now.Key) != step.key {
			t.Errorf("%s %s:\n%s", step.key, step.body, diff)
		}
		if diff := cmp.Diff(now, c.listed(t, now.Key)); diff != "" {
			t.Errorf("the list differs:\n%s", diff)
		}
	}
	status, body = c.call(t, http.MethodDelete, "/api/failures/kitchen.slow", "")
	if now := read[failure.Status](t, status, body); now.Active != nil || now.Key != "kitchen.slow" {
		t.Errorf("after clearing: %+v", now)
	}
	if c.listed(t, failure.KitchenError).Active == nil {
		t.Error("clearing one key cleared another")
	}
	status, body = c.call(t, http.MethodDelete, "/api/failures", "")
	for _, now := range read[[]failure.Status](t, status, body) {
		if now.Active != nil {
			t.Errorf("after clearing all, %s is %+v", now.Key, now.Active)
		}
	}
}

func (c *running) listed(t *testing.T, key failure.Key) failure.Status {
	t.Helper()
	status, body := c.call(t, http.MethodGet, "/api/failures", "")
	all := read[[]failure.Status](t, status, body)
	return all[slices.IndexFunc(all, func(s failure.Status) bool { return s.Key == key })]
}

// The key is set to its default variant.
func TestDefaultVariantIsNotActive(t *testing.T) {
	t.Parallel()
	c := run(t, false)
	status, body := c.call(t, http.MethodPut, "/api/failures/trace.mode", `{"variant":"parent"}`)
	if now := read[failure.Status](t, status, body); now.Active != nil {
		t.Errorf("got %+v", now.Active)
	}
}

func TestWrongRequestChangesNothing(t *testing.T) {
	t.Parallel()
	c := run(t, false)
	before, err := os.ReadFile(c.file.Path)
	if err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []struct {
		method, key, body string
		status            int
		says              string
	}{
		{"PUT", "kitchen.slwo", "", 404, "did you mean kitchen.slow? there are kitchen.slow, kitchen.error"},
		{"DELETE", "kitchen", "", 404, "there are kitchen.slow"},
		{"PUT", "kitchen.slow", `{"variant":"3s"}`, 422, "there are off, 2s, 10s"},
		{"PUT", "kitchen.crash", "", 422, "kitchen.crash can be set for percent, customer, order, not for everyone"},
		{"PUT", "loyalty.down", `{"customer":"anna"}`, 422, "can be set for everyone, not for customer"},
		{"PUT", "kitchen.slow", `{"percent":101}`, 422, "want a whole number from 1 to 100"},
		{"PUT", "kitchen.slow", `{"percent":0}`, 422, "want a whole number from 1 to 100"},
		{"PUT", "kitchen.slow", `{"percent":-1}`, 422, "want a whole number from 1 to 100"},
		{"PUT", "kitchen.slow", `{"percent":12.5}`, 400, "got a JSON number 12.5, want a whole number from 1 to 100"},
		{"PUT", "kitchen.slow", `{"percent":1e99}`, 400, "want a whole number from 1 to 100"},
		{"PUT", "kitchen.slow", `{"percent":true}`, 400, "got a JSON bool, want a whole number from 1 to 100"},
		{"PUT", "kitchen.slow", `{"percent":10,"customer":"anna"}`, 422, "not both"},
		{"PUT", "kitchen.slow", `{"variant":"off","percent":10}`, 422, "default"},
		{"PUT", "kitchen.slow", `{"variant":""}`, 422, "variant"},
		{"PUT", "kitchen.slow", `{"customer":""}`, 422, "customer"},
		{"PUT", "kitchen.slow", `{"customer":"a\nb"}`, 422, "control character"},
		{"PUT", "kitchen.slow", `{"customer":"` + strings.Repeat("a", 257) + `"}`, 422, "256"},
		{"PUT", "kitchen.slow", `{"precent":30}`, 400, "want variant, percent or customer"},
		{"PUT", "kitchen.slow", `{"percent":"30"}`, 400, "got a JSON string, want a whole number from 1 to 100"},
		{"PUT", "kitchen.slow", `{"percent":30,"percent":40}`, 400, "twice"},
		{"PUT", "kitchen.slow", `{`, 400, "not JSON"},
		{"PUT", "kitchen.slow", `[]`, 400, "want an object"},
	} {
		status, body := c.call(t, wrong.method, "/api/failures/"+wrong.key, wrong.body)
		if status != wrong.status || !strings.Contains(body, wrong.says) {
			t.Errorf("%s %s %s: %d %s, want %d and %q", wrong.method, wrong.key, wrong.body, status, body, wrong.status, wrong.says)
		}
	}
	if after, _ := os.ReadFile(c.file.Path); string(after) != string(before) {
		t.Error("the file changed")
	}
}

func TestBrokenFileIsNamedAndNotOverwritten(t *testing.T) {
	t.Parallel()
	c := run(t, false)
	const broken = `{"flags":`
	if err := os.WriteFile(c.file.Path, []byte(broken), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, request := range []string{"GET /api/failures", "PUT /api/failures/kitchen.slow", "DELETE /api/failures/kitchen.slow", "DELETE /api/failures"} {
		method, path, _ := strings.Cut(request, " ")
		status, body := c.call(t, method, path, "")
		if status != http.StatusServiceUnavailable || !strings.Contains(body, c.file.Path) {
			t.Errorf("%s: %d %s", request, status, body)
		}
	}
	if now, _ := os.ReadFile(c.file.Path); string(now) != broken {
		t.Errorf("the file changed to %s", now)
	}
}

// Under traceria all a crash would end every service. Other failures are allowed.
func TestCrashIsRefusedInASharedProcess(t *testing.T) {
	t.Parallel()
	c := run(t, true)
	for _, entry := range failure.Catalogue() {
		if !entry.Crash {
			continue
		}
		status, body := c.call(t, http.MethodPut, "/api/failures/"+string(entry.Key), `{"customer":"anna"}`)
		if status != http.StatusUnprocessableEntity || !strings.Contains(body, "ends the process") {
			t.Errorf("%s: %d %s", entry.Key, status, body)
		}
		if c.listed(t, entry.Key).Active != nil {
			t.Errorf("%s is set", entry.Key)
		}
	}
	if status, body := c.call(t, http.MethodPut, "/api/failures/kitchen.slow", ""); status != http.StatusOK {
		t.Errorf("kitchen.slow: %d %s", status, body)
	}
}

// Browsers on other origins may not switch anything. The console's own page and other programs may.
func TestCrossOriginRequestSwitchesNothing(t *testing.T) {
	t.Parallel()
	c := run(t, false)
	for _, request := range []struct {
		headers []string
		want    int
	}{
		{[]string{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}, http.StatusForbidden},
		{[]string{"Origin", "https://evil.example"}, http.StatusForbidden},
		{[]string{"Sec-Fetch-Site", "same-site"}, http.StatusForbidden},
		{[]string{"Origin", c.base, "Sec-Fetch-Site", "same-origin"}, http.StatusOK},
		{[]string{"Origin", c.base}, http.StatusOK},
		{nil, http.StatusOK},
	} {
		for _, method := range []string{http.MethodPut, http.MethodDelete} {
			if status, body := c.call(t, method, "/api/failures/kitchen.slow", "", request.headers...); status != request.want {
				t.Errorf("%s %q: %d %s, want %d", method, request.headers, status, body, request.want)
			}
		}
	}
	if status, _ := c.call(t, http.MethodOptions, "/api/failures/kitchen.slow", "", "Origin", "https://evil.example", "Access-Control-Request-Method", "PUT"); status != http.StatusMethodNotAllowed {
		t.Errorf("the preflight is answered with %d", status)
	}
}

func TestSpansTellCommandsFromQueries(t *testing.T) {
	t.Parallel()
	c := run(t, false)
	c.call(t, http.MethodGet, "/api/failures", "")
	c.call(t, http.MethodPut, "/api/failures/kitchen.slow", "")
	c.call(t, http.MethodDelete, "/api/failures/kitchen.slow", "")
	if err := c.stop(); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, span := range c.memory.Spans() {
		got[span.Name] = fmt.Sprint(span.Service, " ", span.Attributes["traceria.kind"])
	}
	want := map[string]string{
		"GET /api/failures": "console query", "PUT /api/failures/{key}": "console command", "DELETE /api/failures/{key}": "console command",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Whatever the value of percent is, it is taken as a whole number from 1 to 100, or the answer says what is allowed.
func TestAnyPercentIsTakenOrToldWhatIsAllowed(t *testing.T) {
	t.Parallel()
	c := run(t, false)
	random := rand.New(rand.NewPCG(10, 100))
	draw := func() string {
		switch random.IntN(6) {
		case 0:
			return strconv.Itoa(random.IntN(300) - 100)
		case 1:
			return strconv.FormatFloat(random.NormFloat64()*100, 'g', -1, 64)
		case 2:
			return fmt.Sprintf("%de%d", random.IntN(20), random.IntN(40)-20)
		case 3:
			return strconv.Quote(strconv.Itoa(random.IntN(100)))
		default:
			return []string{"true", "false", "[]", "[50]", "{}", `{"a":1}`, `""`, "1e999", "-0", "0.0"}[random.IntN(10)]
		}
	}
	for range 400 {
		percent := draw()
		status, body := c.call(t, http.MethodPut, "/api/failures/kitchen.slow", `{"percent":`+percent+`}`)
		if status != http.StatusOK {
			if !strings.Contains(body, "want a whole number from 1 to 100") || status != http.StatusBadRequest && status != http.StatusUnprocessableEntity {
				t.Errorf("%s: %d %s", percent, status, body)
			}
			continue
		}
		set := read[failure.Status](t, status, body).Active
		if n, err := strconv.Atoi(percent); err != nil || set == nil || set.Percent != n || n < 1 || n > 100 {
			t.Errorf("%s is taken as %+v", percent, set)
		}
	}
}
