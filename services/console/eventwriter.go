package console

import (
	"bufio"
	"net/http"
	"strconv"
	"time"
)

// readTime is how long a reader may take to read what was written. Then it is dropped. Tests change it.
var readTime = 5 * time.Second

// eventWriter writes server-sent events. It remembers the first error.
type eventWriter struct {
	w       *bufio.Writer
	control *http.ResponseController
	err     error
}

func newEventWriter(w http.ResponseWriter) *eventWriter {
	control := http.NewResponseController(w)
	return &eventWriter{w: bufio.NewWriterSize(deadlined{w, control}, 16<<10), control: control}
}

// deadlined gives each write a deadline of its own.
type deadlined struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

// Write implements io.Writer.
func (d deadlined) Write(p []byte) (int, error) {
	if err := d.control.SetWriteDeadline(time.Now().Add(readTime)); err != nil {
		return 0, err
	}
	return d.w.Write(p)
}

func (e *eventWriter) text(text string) {
	if e.err == nil {
		_, e.err = e.w.WriteString(text)
	}
}

func (e *eventWriter) bytes(text []byte) {
	if e.err == nil {
		_, e.err = e.w.Write(text)
	}
}

// begin writes the lines before the data.
func (e *eventWriter) begin(name string, id uint64) {
	if id > 0 {
		e.text("id: " + strconv.FormatUint(id, 10) + "\n")
	}
	e.text("event: " + name + "\ndata: ")
}

// event writes an event whose data is JSON, which has no line end.
func (e *eventWriter) event(name string, id uint64, data []byte) {
	e.begin(name, id)
	e.bytes(data)
	e.text("\n\n")
}

// eventRows limits the rows of an event. 5,000 rows have about 11 MB: a browser that reads them at once draws nothing for 100 ms.
const eventRows = 500

// rows writes the rows as journeys events. rest is a JSON object with the other members. All events but the last have "more": true and
// no id: a reader that comes back after some of them gets all of them again.
func (e *eventWriter) rows(id uint64, reset bool, rows [][]byte, rest []byte) {
	for len(rows) > eventRows {
		e.part(0, reset, rows[:eventRows], []byte(`{"more":true,"remove":[]}`))
		rows, reset = rows[eventRows:], false
	}
	e.part(id, reset, rows, rest)
}

func (e *eventWriter) part(id uint64, reset bool, rows [][]byte, rest []byte) {
	e.begin("journeys", id)
	e.text("{")
	if reset {
		e.text(`"reset":true,`)
	}
	e.text(`"upsert":[`)
	for n, row := range rows {
		if n > 0 {
			e.text(",")
		}
		e.bytes(row)
	}
	e.text("],")
	e.bytes(rest[1:]) // without {
	e.text("\n\n")
}

// flush sends what was written.
func (e *eventWriter) flush() error {
	if e.err == nil {
		e.err = e.w.Flush()
	}
	if e.err == nil {
		e.err = e.control.SetWriteDeadline(time.Now().Add(readTime))
	}
	if e.err == nil {
		e.err = e.control.Flush()
	}
	return e.err
}
