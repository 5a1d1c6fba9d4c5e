package console_test

import (
	"net/http"
	"testing"
)

// A browser without Sec-Fetch-Site tells the origin of a page that reads by Origin.
func TestReadsOfForeignOriginsAreRefused(t *testing.T) {
	t.Parallel()
	c := run(t, false)
	for origin, want := range map[string]int{"http://evil.example": 403, "null": 403, c.base: 200, "": 200} {
		request, err := http.NewRequest(http.MethodGet, c.base+"/api/journeys", nil)
		if err != nil {
			t.Fatal(err)
		}
		if origin != "" {
			request.Header.Set("Origin", origin)
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("origin %q: %d, want %d", origin, answer.StatusCode, want)
		}
	}
}
