package host

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// problemListener replaces the plain-text answers that net/http writes straight into the connection for unreadable
// requests. Their replacement is a problem document. No handler sees those requests.
type problemListener struct{ net.Listener }

// Accept implements net.Listener.
func (l problemListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return problemConn{conn}, nil
}

type problemConn struct{ net.Conn }

// plainHeaders follow the status in such an answer (errorHeaders in net/http/server.go), which is one Write. If a later
// Go writes them differently, a test fails.
var plainHeaders = []byte("\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n")

// Write implements net.Conn.
func (c problemConn) Write(p []byte) (int, error) {
	status, isRefusal := bytes.CutPrefix(p, []byte("HTTP/1.1 "))
	if isRefusal {
		status, _, isRefusal = bytes.Cut(status, plainHeaders)
	}
	if !isRefusal {
		return c.Conn.Write(p)
	}
	if _, err := c.Conn.Write(asProblem(string(status))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// asProblem returns a complete answer for a status such as "400 Bad Request: missing required Host header".
func asProblem(status string) []byte {
	line, detail, _ := strings.Cut(status, ": ")
	number, title, _ := strings.Cut(line, " ")
	code, _ := strconv.Atoi(number)
	if detail == "" {
		detail = "the HTTP request cannot be read"
	}
	body, _ := json.Marshal(Problem{Status: code, Title: title, Detail: detail}) // strings and a number cannot fail
	return fmt.Appendf(nil, "HTTP/1.1 %s\r\nContent-Type: application/problem+json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s\n",
		line, len(body)+1, body)
}
