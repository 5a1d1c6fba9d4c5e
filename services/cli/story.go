package cli

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"traceria/services/order/journey"
)

const (
	// sayEvery is the longest silence on a pipe.
	sayEvery = 5 * time.Second
	// sumEvery is the shortest time between two summaries on a pipe.
	sumEvery = time.Second
	// settleTime is how long nothing happens before a pipe gets a line that says what is waited for.
	settleTime = 1500 * time.Millisecond
	// late is the difference of times that a line out of order does not mention.
	late = 10 * time.Millisecond
)

// story prints what happens to orders. It implements [journey.Observer]. On a terminal the last line moves; on a pipe there
// is one line per change, and one at least every 5 s.
type story struct {
	screen *screen
	began  time.Time
	orders int

	printed time.Time // when the last line was printed
	latest  time.Time // the latest time in the first column
	last    string    // the last line that was not a fact
}

var _ journey.Observer = (*story)(nil)

// newStory prints on standard output. When that is for a JSON document, it prints on standard error if that is a terminal,
// and nothing otherwise.
func newStory(cmd *cobra.Command, began time.Time, orders int, json bool) *story {
	out := cmd.OutOrStdout()
	if json {
		out = cmd.ErrOrStderr()
		if terminal(out) == nil {
			out = io.Discard
		}
	}
	return &story{screen: newScreen(out), began: began, orders: orders, printed: began}
}

// Fact implements [journey.Observer].
func (s *story) Fact(j *journey.Journey, f journey.Fact) {
	text := f.Text
	if s.orders > 1 {
		if !f.Wrong || strings.HasPrefix(f.Word, "attempt") || f.Word == "paused" {
			return
		}
		text = "order " + j.Order.OrderID + ": " + text
	}
	style := plain
	switch {
	case f.Wrong:
		style = red
	case f.Word == "delivered":
		style = green
	}
	s.line(f.At, style, f.Word, text)
}

// Note implements [journey.Observer].
func (s *story) Note(text string) { s.line(time.Now(), yellow, "note", text) }

// Progress implements [journey.Observer].
func (s *story) Progress(p journey.Progress) {
	if p.Waiting != nil {
		s.waiting(p.At, *p.Waiting)
	}
	if s.orders > 1 {
		s.sum(p)
	}
}

func (s *story) waiting(now time.Time, w journey.Waiting) {
	word := "waits " + seconds(now.Sub(w.Since))
	text := fmt.Sprintf("for %s, since %s", w.Text, w.Since.Local().Format(time.TimeOnly))
	if s.screen.moves() {
		s.screen.move(s.format(now, word, text))
		return
	}
	silence := now.Sub(s.printed)
	if silence >= sayEvery || w.Queue != "" && w.Text != s.last && silence >= settleTime {
		s.last = w.Text
		s.line(now, plain, word, text)
	}
}

// sum prints the number of orders in each status.
func (s *story) sum(p journey.Progress) {
	var parts []string
	for _, status := range journey.Statuses() {
		if n := p.Statuses[status]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, status))
		}
	}
	text := cmp.Or(strings.Join(parts, ", "), "no answer yet")
	if s.screen.moves() {
		s.screen.move(s.format(p.At, "orders", text))
		return
	}
	silence := p.At.Sub(s.printed)
	if silence >= sayEvery || text != s.last && silence >= sumEvery {
		s.last = text
		s.line(p.At, plain, "orders", text)
	}
}

// end removes the line that moves.
func (s *story) end() { s.screen.move("") }

// line prints a line. A fact that is older than the line above says so: the sources tell what happened at different times.
func (s *story) line(at time.Time, style style, word, text string) {
	s.printed = time.Now()
	if at.Before(s.latest.Add(-late)) {
		text += " (known only now)"
	}
	if at.After(s.latest) {
		s.latest = at
	}
	s.screen.print(style, s.format(at, word, text))
}

// format has the time since the orders were placed in its first column.
func (s *story) format(at time.Time, word, text string) string {
	return fmt.Sprintf("%10s  %-16s  %s", "+"+seconds(at.Sub(s.began)), word, oneLine(text))
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", max(0, d.Seconds())) }
