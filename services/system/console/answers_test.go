package console

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"

	"traceria/services/system/systemtest"
)

// testAnswers asks the running console everything that the OpenAPI document describes, and checks each request and each answer
// against it.
func testAnswers(t *testing.T, h *house) {
	text, err := os.ReadFile(systemtest.InRepository(t, "services/console/openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	// The addresses of a test differ from that of the document.
	text = bytes.ReplaceAll(text, []byte("http://127.0.0.1:8080"), []byte(h.base))
	document, err := libopenapi.NewDocument(text)
	if err != nil {
		t.Fatal(err)
	}
	checker, errs := validator.NewValidator(document)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	check := func(method, path, body string, want int) {
		t.Helper()
		h.checked(t, checker, method, path, body, want)
	}
	check("POST", "/api/orders", `{"count":2,"customerId":"bob","items":[{"itemName":"Margherita","quantity":1}]}`, 202)
	var placed []journey
	h.Await(t, time.Minute, "two journeys", func() bool {
		placed = get[struct{ Journeys []journey }](t, h.base+"/api/journeys?sort=newest&state=done&customer=bob").Journeys
		return len(placed) == 2
	})
	one, two := url.PathEscape(placed[0].ID), url.PathEscape(placed[1].ID)
	span := get[struct {
		Waterfall struct {
			Rows []struct{ TraceID, SpanID, Kind string }
		}
	}](t, h.base+"/api/journeys/"+one).Waterfall.Rows
	for _, row := range span {
		check("GET", "/api/journeys/"+one+"/spans/"+row.TraceID+"/"+row.SpanID, "", 200)
	}
	for _, path := range []string{
		"/api/about", "/api/journeys", "/api/journeys?failure=any&sort=slowest&limit=5", "/api/journeys/" + one, "/api/journeys/" + one + "/export", "/api/journeys/" + one + "/export?format=html",
		"/api/compare?a=" + one + "&b=" + two, "/api/compare?groupA=customer%3Dbob&groupB=failure%3Dnone", "/api/map", "/api/map?since=1h", "/api/failures", "/api/board", "/api/switches", "/api/menu",
		"/api/load", "/api/queues", "/api/dead/kitchen.ticket-opened", "/api/scenarios", "/api/scenarios/happy-path", "/api/runs/current", "/api/mystery", "/api/parts", "/openapi.yaml",
	} {
		check("GET", path, "", 200)
	}
	for path, status := range map[string]int{
		"/api/journeys?state=nice": 422, "/api/journeys/nothing": 404, "/api/compare?a=nothing&b=nothing": 404, "/api/dead/no.queue": 404, "/api/scenarios/nothing": 404,
		"/api/journeys/" + one + "/spans/" + strings.Repeat("a", 32) + "/" + strings.Repeat("b", 16): 404,
	} {
		check("GET", path, "", status)
	}
	check("PUT", "/api/load", `{"perSecond":2,"seconds":2,"customerId":"carl"}`, 200)
	check("DELETE", "/api/load", "", 200)
	check("PUT", "/api/failures/kitchen.slow", `{"variant":"2s","percent":10}`, 200)
	check("DELETE", "/api/failures/kitchen.slow", "", 200)
	h.commandsAreLeftOut(t)
	check("PUT", "/api/failures/kitchen.slow", `{"variant":"3s"}`, 422)
	check("DELETE", "/api/failures", "", 200)
	check("POST", "/api/dead/kitchen.ticket-opened/redrive", `{}`, 200)
	check("DELETE", "/api/mystery", "", 404)
	check("POST", "/api/mystery/hint", "", 404)
}

// checked sends a request, wants a status, and checks both sides against the document.
func (h *house) checked(t *testing.T, checker validator.Validator, method, path, body string, want int) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, h.base+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != want {
		t.Errorf("%s %s answers %d %.300s, want %d", method, path, response.StatusCode, text, want)
	}
	response.Body = io.NopCloser(bytes.NewReader(text))
	if valid, errs := checker.ValidateHttpResponse(request, response); !valid {
		var why strings.Builder
		for _, e := range errs {
			fmt.Fprintf(&why, "\n  %s: %s", e.Message, e.Reason)
			for _, s := range e.SchemaValidationErrors {
				fmt.Fprintf(&why, "\n    %s at %s", s.Reason, s.FieldPath)
			}
		}
		t.Errorf("%s %s: %d is not as the document says:%s\n  %.400s", method, path, response.StatusCode, why.String(), text)
	}
}

// commandsAreLeftOut looks for the journey of a switch that was set: a filter shows it, and no other list has it.
func (h *house) commandsAreLeftOut(t *testing.T) {
	t.Helper()
	type row struct {
		Root    string
		Command bool
	}
	list := func(query string) []row {
		return get[struct{ Journeys []row }](t, h.base+"/api/journeys"+query).Journeys
	}
	command := func(r row) bool { return r.Command && r.Root == "PUT /api/failures/{key}" }
	h.Await(t, time.Minute, "the command is a journey", func() bool { return slices.ContainsFunc(list("?commands=any"), command) })
	for _, r := range list("?commands=only") {
		if !r.Command {
			t.Errorf("commands=only lists %+v", r)
		}
	}
	for _, r := range list("") {
		if r.Command || strings.HasPrefix(r.Root, "PUT /api/failures") {
			t.Errorf("the list has %+v", r)
		}
	}
}
