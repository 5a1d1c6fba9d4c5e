package console

import (
	"errors"
	"net/http"

	"traceria/services/console/journeys"
	"traceria/services/host"
	"traceria/telemetry/otlp"
)

// mostFile limits an uploaded file, in bytes.
const mostFile = 16 << 20

// uploaded is the answer of POST /api/files.
type uploaded struct {
	Journeys []string `json:"journeys"`
	Spans    int      `json:"spans"`
	// Refused is the number of spans that were not kept, and Reason says why.
	Refused int    `json:"refused,omitempty"`
	Reason  string `json:"reason,omitempty"`
}

// readFile answers POST /api/files: it keeps the spans of an OTLP JSON file, or of a journey that was exported as a page.
func (c *console) readFile(w http.ResponseWriter, r *http.Request) error {
	if r.ContentLength > mostFile {
		return tooLargeFile
	}
	leave, err := c.files.enter(r.Context())
	if err != nil {
		return err
	}
	defer leave()
	spans, err := otlp.ReadFile(http.MaxBytesReader(nil, r.Body, mostFile), mostFile)
	tooLong := (*http.MaxBytesError)(nil)
	switch {
	case errors.Is(err, otlp.ErrTooLarge), errors.As(err, &tooLong):
		return tooLargeFile
	case errors.Is(err, otlp.ErrUnreadable):
		return host.Unreadable("body", "%.400v", err)
	case err != nil:
		return err
	case len(spans) == 0:
		return host.Invalid("body", "has no span; want OTLP JSON, an answer of Jaeger's API, or a page that the console exported")
	}
	received := c.store.Add(spans, journeys.SourceFile)
	return host.WriteJSON(w, http.StatusOK, uploaded{
		Journeys: some(received.Journeys), Spans: len(spans) - received.Refused, Refused: received.Refused, Reason: received.Reason,
	})
}

var tooLargeFile = &host.Problem{
	Status: http.StatusRequestEntityTooLarge, Title: "Request body too large", Field: "body", Detail: "a file has at most 16 MiB",
}
