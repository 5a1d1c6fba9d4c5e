package rabbitmqtest

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// client keeps no connection open, so that a test can look for leaked goroutines.
var client = http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

// VHost makes a virtual host for the test, which is removed with all its queues when the test ends, and returns its AMQP
// URL.
func (b *Broker) VHost(tb testing.TB) string {
	tb.Helper()
	address, err := url.Parse(b.URL)
	if err != nil {
		tb.Fatalf("rabbitmqtest: read %s: %v", b.URL, err)
	}
	name := fmt.Sprintf("test-%x", rand.Uint64()) //nolint:gosec // a name, not a secret
	b.manage(tb, http.MethodPut, "/api/vhosts/"+name, "")
	tb.Cleanup(func() { b.manage(tb, http.MethodDelete, "/api/vhosts/"+name, "") })
	b.manage(tb, http.MethodPut, "/api/permissions/"+name+"/"+url.PathEscape(address.User.Username()),
		`{"configure":".*","write":".*","read":".*"}`)
	address.Path = "/" + name
	return address.String()
}

// Manage calls the management API and returns the body of its answer. It fails the test unless the API agrees.
func (b *Broker) Manage(tb testing.TB, method, path, body string) []byte {
	tb.Helper()
	return b.manage(tb, method, path, body)
}

func (b *Broker) manage(tb testing.TB, method, path, body string) []byte {
	tb.Helper()
	req, err := http.NewRequest(method, b.ManagementURL+path, bytes.NewReader([]byte(body))) //nolint:noctx // has a timeout
	if err != nil {
		tb.Fatalf("rabbitmqtest: %v", err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		tb.Errorf("rabbitmqtest: %v", err)
		return nil
	}
	defer resp.Body.Close() //nolint:errcheck // read to its end
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode >= http.StatusBadRequest {
		tb.Errorf("rabbitmqtest: %s %s: %s %s %v", method, path, resp.Status, strings.TrimSpace(string(answer)), err)
	}
	return answer
}
