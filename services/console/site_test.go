package console_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestEveryAddressOfThePageIsTheShell(t *testing.T) {
	t.Parallel()
	c := run(t, false)
	_, shell := c.call(t, http.MethodGet, "/", "")
	if !strings.Contains(shell, `<html lang="en">`) || !strings.Contains(shell, "<noscript>") {
		t.Errorf("the shell is %s", shell)
	}
	for _, path := range []string{
		"/journeys", "/journeys/o-1", "/journeys/a%2Fb/waterfall", "/compare?a=1&b=2", "/counter", "/failures", "/queues", "/queues/kitchen.order-confirmed",
		"/map", "/scenarios", "/scenarios/happy-path", "/parts",
	} {
		status, body := c.call(t, http.MethodGet, path, "")
		if status != http.StatusOK || body != shell || c.header.Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("%s: %d as %s", path, status, c.header.Get("Content-Type"))
		}
	}
	for _, path := range []string{"/journeys/a/b/c", "/pasta", "/journeys/", "//", "/index.html"} {
		if status, _ := c.call(t, http.MethodGet, path, ""); status != http.StatusNotFound {
			t.Errorf("%s: %d, want 404", path, status)
		}
	}
}

func TestAssetsAreCachedUntilTheyChange(t *testing.T) {
	t.Parallel()
	c := run(t, false)
	status, script := c.call(t, http.MethodGet, "/assets/app.js", "")
	tag := c.header.Get("ETag")
	if status != http.StatusOK || tag == "" || c.header.Get("Content-Type") != "text/javascript; charset=utf-8" || c.header.Get("Cache-Control") != "no-cache" {
		t.Fatalf("%d %v", status, c.header)
	}
	if status, body := c.call(t, http.MethodGet, "/assets/app.js", "", "If-None-Match", tag); status != http.StatusNotModified || body != "" {
		t.Errorf("with its tag: %d %q", status, body)
	}
	if status, body := c.call(t, http.MethodGet, "/assets/app.js", "", "If-None-Match", `"other"`); status != http.StatusOK || body != script {
		t.Errorf("with another tag: %d", status)
	}
	if status, body := c.call(t, http.MethodHead, "/assets/app.js", ""); status != http.StatusOK || body != "" || c.header.Get("ETag") != tag {
		t.Errorf("HEAD: %d %q", status, body)
	}
	if status, body := c.call(t, http.MethodGet, "/assets/app.js", "", "Range", "bytes=99999999-"); status != http.StatusOK || body != script {
		t.Errorf("a range: %d", status)
	}
	for path, want := range map[string]string{"/assets/css/tokens.css": "text/css; charset=utf-8", "/assets/icon.svg": "image/svg+xml", "/favicon.ico": "image/svg+xml"} {
		if status, _ := c.call(t, http.MethodGet, path, ""); status != http.StatusOK || c.header.Get("Content-Type") != want {
			t.Errorf("%s: %d as %s", path, status, c.header.Get("Content-Type"))
		}
	}
	for _, path := range []string{"/assets", "/assets/", "/assets/css", "/assets/css/", "/assets/types.d.ts", "/assets/none.js", "/assets/../page.go"} {
		if status, body := c.call(t, http.MethodGet, path, ""); status != http.StatusNotFound || strings.Contains(body, "tokens.css") {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
}
