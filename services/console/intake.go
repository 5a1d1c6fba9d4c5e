package console

import (
	"io"
	"net/http"

	"traceria/services/console/journeys"
	"traceria/services/host"
	"traceria/telemetry/otlp"
	"traceria/telemetry/tracetree"
)

// takeTraces returns the handler of POST /v1/traces.
func (c *console) takeTraces() host.HandlerFunc {
	return handled(otlp.TracesHandler(func(spans []tracetree.Span) (otlp.Refused, error) {
		received := c.store.Add(spans, journeys.SourceOTLP)
		return otlp.Refused{Count: received.Refused, Reason: received.Reason}, nil
	}, otlp.HandlerOptions{}))
}

// takeLogs returns the handler of POST /v1/logs.
func (c *console) takeLogs() host.HandlerFunc {
	return handled(otlp.LogsHandler(func(logs []otlp.Log) (otlp.Refused, error) {
		c.store.AddLogs(logs)
		return otlp.Refused{}, nil
	}, otlp.HandlerOptions{}))
}

// handled serves a request and then reads the rest of its body: a sender whose connection closes early sees a reset instead of the
// answer. The time limit of the route bounds that.
func handled(h http.Handler) host.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		body := r.Body
		h.ServeHTTP(w, r)
		if n, _ := body.Read(make([]byte, 1)); n > 0 {
			_ = http.NewResponseController(w).Flush()
			_, _ = io.Copy(io.Discard, body)
		}
		return nil
	}
}
