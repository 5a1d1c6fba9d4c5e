package host

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// problemListener makes problem documents of the answers that net/http itself gives to what is no HTTP request. No
// handler sees those requests, and net/http writes plain text for them straight into the connection.
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

// plainHeaders is how net/http's own refusals go on after the status (errorHeaders in net/http/server.go). They are
// one Write each. Should a later Go write them otherwise, they stay plain text, and a test says so.
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

// asProblem makes a whole answer of a status such as "400 Bad Request: missing required Host header".
func asProblem(status string) []byte {
	line, detail, _ := strings.Cut(status, ": ")
	number, title, _ := strings.Cut(line, " ")
	code, _ := strconv.Atoi(number)
	if detail == "" {
		detail = "this is no HTTP request that can be read"
	}
	body, _ := json.Marshal(Problem{Status: code, Title: title, Detail: detail}) // strings and a number: it cannot fail
	return fmt.Appendf(nil, "HTTP/1.1 %s\r\nContent-Type: application/problem+json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s\n",
		line, len(body)+1, body)
}
