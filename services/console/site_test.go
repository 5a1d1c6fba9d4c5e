package console_test

import (
	"compress/gzip"
	"io"
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
	if status, body := c.call(t, http.MethodHead, "/assets/app.js", "", "Accept-Encoding", "gzip"); status != http.StatusOK || body != "" || c.header.Get("ETag") != tag {
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

func TestAssetsAreCompressedForBrowsersThatAskForIt(t *testing.T) {
	t.Parallel()
	c := run(t, false)
	_, script := c.call(t, http.MethodGet, "/assets/app.js", "", "Accept-Encoding", "identity")
	plain := c.header.Get("ETag")
	for _, accept := range []string{"gzip", "br, gzip;q=0.5", "*", "GZIP ; q=1", "identity, *;q=0.1"} {
		status, body := c.call(t, http.MethodGet, "/assets/app.js", "", "Accept-Encoding", accept)
		tag := c.header.Get("ETag")
		if status != http.StatusOK || c.header.Get("Content-Encoding") != "gzip" || c.header.Get("Vary") != "Accept-Encoding" || tag == plain || len(body) >= len(script) {
			t.Fatalf("%s: %d %v, %d bytes", accept, status, c.header, len(body))
		}
		r, err := gzip.NewReader(strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(r); err != nil || string(text) != script {
			t.Errorf("%s: %v, %d bytes of %d", accept, err, len(text), len(script))
		}
		if status, _ := c.call(t, http.MethodGet, "/assets/app.js", "", "Accept-Encoding", accept, "If-None-Match", tag); status != http.StatusNotModified {
			t.Errorf("%s: %d with its tag", accept, status)
		}
		if status, _ := c.call(t, http.MethodGet, "/assets/app.js", "", "Accept-Encoding", accept, "If-None-Match", plain); status != http.StatusOK {
			t.Errorf("%s: %d with the tag of the plain file", accept, status)
		}
	}
	for _, accept := range []string{"identity", "br", "gzip;q=0", "gzip;q=0, *", "*;q=0", "gzip;q=nonsense"} {
		if _, body := c.call(t, http.MethodGet, "/assets/app.js", "", "Accept-Encoding", accept); c.header.Get("Content-Encoding") != "" || body != script {
			t.Errorf("%s: compressed", accept)
		}
	}
}
