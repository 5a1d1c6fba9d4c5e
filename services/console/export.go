package console

import (
	"bytes"
	"cmp"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"traceria/services/host"
	"traceria/telemetry/otlp"
)

// export answers GET /api/journeys/{id}/export?format=otlp|html with a file.
func (c *console) export(w http.ResponseWriter, r *http.Request) error {
	values, err := parameters(r, "format")
	if err != nil {
		return err
	}
	format := cmp.Or(values.Get("format"), "otlp")
	if format != "otlp" && format != "html" {
		return host.Invalid("format", "is %.40q, want otlp or html", format)
	}
	s, closed, err := c.storyOf(r)
	if err != nil {
		return err
	}
	defer closed()
	var missing any
	if format == "html" {
		missing = c.missing(r.Context(), s) // before the place is taken: it asks others
	}
	leave, err := c.heavy.enter(r.Context())
	if err != nil {
		return err
	}
	defer leave()
	text, err := otlp.MarshalJSON(s.spans)
	if err != nil {
		return err
	}
	if format == "otlp" {
		return attach(w, text, "application/json", fileName(s.row.ID)+".otlp.json")
	}
	answer, err := c.fold(s)
	if err != nil {
		return err
	}
	answer.Missing = missing
	var out bytes.Buffer
	if err := exportPage(&out, exportData{Journey: answer, Spans: s.spans, OTLP: text, At: time.Now().UTC()}); err != nil {
		return err
	}
	return attach(w, out.Bytes(), "text/html; charset=utf-8", fileName(s.row.ID)+".html")
}

// attach answers with a file that the browser saves. It is never shown in the origin of the console.
func attach(w http.ResponseWriter, content []byte, contentType, name string) error {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	w.Header().Set("Content-Length", strconv.Itoa(len(content)))
	_, _ = w.Write(content) // the caller may have closed the connection
	return nil
}

var notInNames = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

// fileName makes a name for a file from an id, which may have any characters.
func fileName(id string) string {
	name := strings.Trim(notInNames.ReplaceAllString(id, "-"), "-")
	return "journey-" + name[:min(len(name), 60)]
}
