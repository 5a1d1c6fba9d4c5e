package console_test

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Programs that send a file and never end it keep the places of files only: the API answers meanwhile.
func TestSlowFilesHoldUpNoReader(t *testing.T) {
	t.Parallel()
	c := run(t, false)
	c.feed(t, order("o-1", "anna", 0, time.Now().Add(-time.Minute))...)
	c.rows(t, "", 1)
	address := strings.TrimPrefix(c.base, "http://")
	for range 8 {
		sender, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = sender.Close() }()
		if _, err := fmt.Fprintf(sender, "POST /api/files HTTP/1.1\r\nHost: %s\r\nContent-Length: 1000\r\n\r\n{", address); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(100 * time.Millisecond) // the requests have arrived
	for _, path := range []string{"/api/journeys", "/api/journeys/o-1", "/api/map", "/api/compare?a=o-1&b=o-1"} {
		asked := time.Now()
		if status, body := c.call(t, http.MethodGet, path, ""); status != http.StatusOK || time.Since(asked) > 5*time.Second {
			t.Errorf("%s: %d %.200s after %s", path, status, body, time.Since(asked))
		}
	}
}
