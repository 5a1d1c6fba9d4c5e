package console_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// A page of another origin can make its own name point to this machine (DNS rebinding). Its requests then have that name.
func TestAnUnknownHostNameIsRefused(t *testing.T) {
	t.Setenv("CONSOLE_HOSTS", "demo.example, 192.0.2.7")
	c := run(t, false)
	port := c.base[strings.LastIndex(c.base, ":"):]
	for name, want := range map[string]int{
		"localhost": 200, "LOCALHOST" + port: 200, "localhost.": 200, "127.0.0.1": 200, "127.1.2.3" + port: 200, "[::1]" + port: 200,
		"demo.example": 200, "Demo.Example:80": 200, "192.0.2.7": 200,
		"evil.example": 421, "evil.example" + port: 421, "localhost.evil.example": 421, "127.0.0.1.nip.io": 421, "192.0.2.8": 421,
		"[fe80::1]": 421, "0.0.0.0": 421, "demo.example.evil.example": 421, "xn--localhost-": 421, "localhost@evil.example": 421,
	} {
		for _, path := range []string{"/", "/journeys/o-1", "/assets/app.js", "/api/journeys", "/api/failures", "/api/events", "/openapi.yaml", "/none"} {
			if want == 200 && path != "/" {
				continue
			}
			status, body := c.call(t, http.MethodGet, path, "", "Host", name)
			if status != want || want == 421 && !strings.Contains(body, "CONSOLE_HOSTS") {
				t.Errorf("GET %s with Host %s: %d %.200s, want %d", path, name, status, body, want)
			}
		}
		for _, path := range []string{"/healthz", "/readyz"} {
			if status, _ := c.call(t, http.MethodGet, path, "", "Host", name); status != 200 {
				t.Errorf("GET %s with Host %s: %d", path, name, status)
			}
		}
	}
	for _, path := range []string{"/v1/traces", "/v1/logs", "/api/files", "/api/failures/kitchen.slow"} {
		if status, _ := c.call(t, http.MethodPost, path, "{}", "Host", "evil.example", "Content-Type", "application/json"); status != 421 {
			t.Errorf("POST %s: %d, want 421", path, status)
		}
	}
}

func TestEveryAnswerIsProtected(t *testing.T) {
	t.Parallel()
	c := run(t, false)
	for _, path := range []string{"/", "/queues/kitchen.order-confirmed", "/assets/app.js", "/api/about", "/api/journeys", "/api/failures", "/none", "/api/menu", "/openapi.yaml"} {
		c.call(t, http.MethodGet, path, "")
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin", "X-Frame-Options": "DENY", "Access-Control-Allow-Origin": "",
			"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
				"font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
		} {
			if got := c.header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
		if c.header.Get("Cache-Control") == "" {
			t.Errorf("%s may be cached", path)
		}
	}
}

func TestOtherOriginsCannotUseTheAPI(t *testing.T) {
	t.Parallel()
	c := run(t, false)
	for _, request := range []struct {
		path, site, mode string
		want             int
	}{
		{"/api/journeys", "cross-site", "cors", 403},
		{"/api/journeys", "same-site", "no-cors", 403},
		{"/api/events", "cross-site", "cors", 403},
		{"/api/events", "cross-site", "navigate", 403},
		{"/assets/app.js", "cross-site", "no-cors", 403},
		{"/", "cross-site", "no-cors", 403},
		{"/journeys/o-1", "cross-site", "navigate", 200}, // a link in Jaeger
		{"/journeys/o-1", "none", "navigate", 200},
		{"/api/journeys", "same-origin", "cors", 200},
		{"/api/journeys", "none", "navigate", 200},
	} {
		status, _ := c.call(t, http.MethodGet, request.path, "", "Sec-Fetch-Site", request.site, "Sec-Fetch-Mode", request.mode)
		if status != request.want {
			t.Errorf("GET %s, %s, %s: %d, want %d", request.path, request.site, request.mode, status, request.want)
		}
	}
	for _, path := range []string{"POST /v1/traces", "POST /v1/logs", "POST /api/files", "PUT /api/failures/kitchen.slow", "DELETE /api/failures"} {
		method, path, _ := strings.Cut(path, " ")
		if status, _ := c.call(t, method, path, "{}", "Origin", "https://evil.example", "Content-Type", "text/plain"); status != 403 {
			t.Errorf("%s %s from another origin: %d, want 403", method, path, status)
		}
	}
	if found := c.rows(t, "", 0); found.Total != 0 {
		t.Errorf("something was kept: %+v", found)
	}
}

// Texts of spans are in JSON only, which no browser shows as HTML.
func TestHostileTextsStayTexts(t *testing.T) {
	t.Parallel()
	c := run(t, false)
	const evil = `</script><img src=x onerror=alert(1)>"'&` + "\u2028\x00\x1b[31m"
	spans := order(evil, evil, 0, time.Now())
	for n := range spans {
		spans[n].Name, spans[n].Service, spans[n].StatusMessage, spans[n].Status = evil, evil, evil, "error"
		spans[n].Attributes[evil] = evil
	}
	c.feed(t, spans...)
	row := c.rows(t, "", 1).Journeys[0]
	for _, path := range []string{
		"/api/journeys", "/api/journeys/" + spans[0].TraceID, "/api/journeys/" + spans[0].TraceID + "/spans/" + spans[0].TraceID + "/" + spans[0].SpanID,
		"/api/map", "/api/compare?a=" + spans[0].TraceID + "&b=" + spans[0].TraceID,
		"/api/journeys/" + spans[0].TraceID + "/export?format=otlp",
	} {
		status, body := c.call(t, http.MethodGet, path, "")
		if status != http.StatusOK || c.header.Get("Content-Type") != "application/json" || strings.Contains(body, "<img") && !strings.Contains(path, "export") {
			t.Errorf("%s: %d as %s: %.300s", path, status, c.header.Get("Content-Type"), body)
		}
	}
	status, body := c.call(t, http.MethodGet, "/api/journeys/"+spans[0].TraceID+"/export?format=html", "")
	if status != http.StatusOK || strings.Contains(body, "<img") || strings.Contains(body, "onerror=alert(1)>") {
		t.Errorf("the exported page has HTML of a span: %d %.2000s", status, body)
	}
	if at := c.header.Get("Content-Disposition"); !strings.HasPrefix(at, `attachment; filename="journey-`) || strings.ContainsAny(at[22:len(at)-1], `"<>/\'`) {
		t.Errorf("Content-Disposition is %q (the id is %q)", at, row.ID)
	}
}

func TestHostileIdsInPathsAreNotFound(t *testing.T) {
	t.Parallel()
	c := run(t, false)
	for _, id := range []string{
		"%2e%2e%2f%2e%2e%2fetc%2fpasswd", "%00", "%0d%0aSet-Cookie:%20a=b", "%ff%fe", "a%2Fb", strings.Repeat("x", 8000), "%3Cscript%3E", "{id}", "ORD0", "*",
	} {
		for _, path := range []string{"/api/journeys/" + id, "/api/journeys/" + id + "/spans/1/2", "/api/journeys/" + id + "/export?format=html", "/assets/" + id} {
			if status, body := c.call(t, http.MethodGet, path, ""); status != http.StatusNotFound || len(body) > 1000 || c.header.Get("Set-Cookie") != "" {
				t.Errorf("GET %.100s: %d %.300s", path, status, body)
			}
		}
	}
}
