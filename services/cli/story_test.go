package cli

import (
	"bytes"
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spf13/cobra"

	"traceria/services/order/journey"
	"traceria/services/order/orderclient"
)

// pipedStory prints into a buffer.
func pipedStory(orders int) (*story, *bytes.Buffer) {
	var out bytes.Buffer
	cmd := &cobra.Command{}
	cmd.SetOut(&out)
	return newStory(cmd, time.Now(), orders, false), &out
}

func waitsIn(queue string, since time.Time) journey.Progress {
	return journey.Progress{At: time.Now(), Waiting: &journey.Waiting{Queue: queue, Since: since, Text: queue + ", which holds it"}}
}

// On a pipe each change is a line, and nothing changes without a line for more than five seconds.
func TestAPipeIsNeverSilentForLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, out := pipedStory(1)
		began := time.Now()
		s.Fact(&journey.Journey{}, journey.Fact{At: began.Add(20 * time.Millisecond), Word: "confirmed", Text: "OrderConfirmed v2 from order"})
		for range 120 { // 12 s
			time.Sleep(100 * time.Millisecond)
			s.Progress(waitsIn("kitchen.ticket-opened", began))
		}
		s.Progress(waitsIn("delivery.order-boxed", began))
		s.end()
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		wants := []string{
			`^\+0\.02 s  confirmed         OrderConfirmed v2 from order$`,
			`^   \+1\.50 s  waits 1\.50 s      for kitchen\.ticket-opened, which holds it, since \d\d:\d\d:\d\d$`,
			`^   \+6\.50 s  waits 6\.50 s  `,
			`^  \+11\.50 s  waits 11\.50 s  `,
		}
		if len(lines) != len(wants) {
			t.Fatalf("%d lines, want %d:\n%s", len(lines), len(wants), out)
		}
		for i, want := range wants {
			if !regexp.MustCompile(want).MatchString(lines[i]) {
				t.Errorf("line %d: %q does not match %s", i, lines[i], want)
			}
		}
	})
}

func TestManyOrdersAreALineOfNumbers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, out := pipedStory(3)
		j := &journey.Journey{Order: orderclient.Order{OrderID: "o-2"}}
		for i := range 30 {
			time.Sleep(100 * time.Millisecond)
			s.Progress(journey.Progress{At: time.Now(), Statuses: map[string]int{"delivered": i / 10, "confirmed": 3 - i/10}})
		}
		s.Fact(j, journey.Fact{At: time.Now(), Word: "boxed", Text: "OrderBoxed"})
		s.Fact(j, journey.Fact{At: time.Now(), Word: "attempt 1", Text: "it failed", Wrong: true})
		s.Fact(j, journey.Fact{At: time.Now(), Word: "dead", Text: "it is dead", Wrong: true})
		want := "   +1.00 s  orders            3 confirmed\n" + "   +2.00 s  orders            1 delivered, 2 confirmed\n" +
			"   +3.00 s  orders            2 delivered, 1 confirmed\n" + "   +3.00 s  dead              order o-2: it is dead\n"
		if out.String() != want {
			t.Errorf("got\n%s\nwant\n%s", out, want)
		}
	})
}

// On a terminal the last line moves, and what stays is written over it.
func TestOnATerminalTheLastLineMoves(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := &story{screen: &screen{w: &out, file: os.Stdin, colours: true}, began: time.Now(), orders: 1}
	s.Progress(waitsIn("kitchen.ticket-opened", time.Now()))
	s.Progress(waitsIn("kitchen.ticket-opened", time.Now()))
	s.Fact(&journey.Journey{}, journey.Fact{At: s.began, Word: "dead", Text: "gone\x1b[2J", Wrong: true})
	s.end()
	text := out.String()
	if n := strings.Count(text, eraseLine); n != 3 || strings.Count(text, "\n") != 1 || !strings.HasSuffix(text, "\n") {
		t.Errorf("%d erased lines in %q", n, text)
	}
	if !strings.Contains(text, string(red)) || strings.Contains(text, "\x1b[2J") {
		t.Errorf("the dead letter is not red, or its text is obeyed: %q", text)
	}
}

// The line that moves must fit: a terminal cannot erase a line that it has broken.
func TestAMovingLineIsCutToTheWidth(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"": "", "abc": "abc", "abcdefghi": "abcdefghi", "abcdefghij": "abcdefgh…", "äöüäöüäöüä": "äöüäöüäö…"} {
		if got := cut(text, 10); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// What goes beside a JSON document must not be in it.
func TestWithJSONTheStoryIsForTerminals(t *testing.T) {
	t.Parallel()
	var out, errOut bytes.Buffer
	cmd := &cobra.Command{}
	cmd.SetOut(&out)
	cmd.SetErr(&errOut)
	s := newStory(cmd, time.Now(), 1, true)
	s.Note("Jaeger is away")
	if out.Len()+errOut.Len() > 0 {
		t.Errorf("got %q and %q", out.String(), errOut.String())
	}
}

func TestTheErrorCountsTheOrders(t *testing.T) {
	t.Parallel()
	one := errors.New("order o-1 is rejected")
	if err := summarized(nil, 3); err != nil {
		t.Error(err)
	}
	if err := summarized([]error{one}, 1); !errors.Is(err, one) || err.Error() != one.Error() {
		t.Error(err)
	}
	if err := summarized([]error{one, one}, 3); !errors.Is(err, one) || err.Error() != "2 of 3 orders are not delivered, the first: order o-1 is rejected" {
		t.Error(err)
	}
}
