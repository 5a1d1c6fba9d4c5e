package journey

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"traceria/telemetry/tracetree"
)

// Fact is a line of an order's story.
type Fact struct {
	// Key is the same each time the fact is told.
	Key string
	At  time.Time
	// Word says in one word what happened: a status, "attempt 2", "dead", "lost", "unsent".
	Word, Text string
	// Wrong marks what should not happen.
	Wrong bool
}

// Facts tell the story of the order so far, by time. delays returns the back-off of a queue and may be nil.
func (j *Journey) Facts(delays func(queue string) []time.Duration) []Fact {
	facts := j.reports()
	for _, m := range j.Messages {
		facts = append(facts, attempts(m, delays)...)
		if m.State == tracetree.Unsent {
			facts = append(facts, Fact{
				Key: "unsent " + m.ID, At: m.Since, Word: "unsent", Wrong: true,
				Text: fmt.Sprintf("%s could not publish %s (%s); it stays in the outbox", m.Producer, eventName(m.RoutingKey), m.Error),
			})
		}
	}
	for _, queue := range j.queues() {
		if letter, dead := j.letter(queue); dead {
			facts = append(facts, Fact{Key: "dead " + queue, At: letter.At, Word: "dead", Text: letter.text(), Wrong: true})
		}
	}
	slices.SortStableFunc(facts, func(a, b Fact) int { return a.At.Compare(b.At) })
	return facts
}

// reports are the entries of the order's timeline. A rejection is told once its reason is known: the order service notes the
// event before it cancels the order.
func (j *Journey) reports() []Fact {
	facts := make([]Fact, 0, len(j.Order.Timeline))
	for _, e := range j.Order.Timeline {
		status := statusAfter(e.Event)
		if status == "rejected" && j.Order.Rejection == "" && !j.Ended {
			continue
		}
		f := Fact{Key: "report " + e.Event, At: e.At, Word: status, Text: fmt.Sprintf("%s %s from %s", e.Event, e.Version, e.Service)}
		if status == "rejected" {
			f.Wrong = true
			if j.Order.Rejection != "" {
				f.Text += ": " + j.Order.Rejection
			}
		}
		facts = append(facts, f)
	}
	return facts
}

// attempts tell of the attempts that failed.
func attempts(m tracetree.Message, delays func(string) []time.Duration) []Fact {
	var facts []Fact
	retries := 0
	for _, a := range m.Attempts {
		if !worthTelling(a) {
			continue
		}
		f := Fact{Key: "attempt " + a.TraceID + a.SpanID, At: a.End, Word: fmt.Sprintf("attempt %d", a.Number), Wrong: true}
		f.Text = fmt.Sprintf("%s failed to handle %s (%s)", cmp.Or(m.Consumer, "the consumer"), eventName(m.RoutingKey), a.Error)
		switch a.Settled {
		case "retry":
			f.Text += "; " + again(delays, m.Queue, retries)
			retries++
		case "dead":
			retries = 0
		case "pause":
			f.Key, f.Word, f.Text = "paused "+m.Queue, "paused", f.Text+"; it holds the message and tries again in place"
		case "ack":
			f.Word, f.Text = "lost", lostText(m)
		default:
			f.Text += "; RabbitMQ delivers it again"
		}
		facts = append(facts, f)
	}
	return facts
}

// worthTelling omits most attempts of a message that comes again at once: there may be a hundred.
func worthTelling(a tracetree.Attempt) bool {
	atOnce := a.Settled == "" || a.Settled == "requeue"
	return a.Error != "" && (!atOnce || a.Number <= toldAtOnce || a.Number%25 == 0)
}

// toldAtOnce is how many attempts without a back-off are told one by one.
const toldAtOnce = 3

// again says when the next attempt comes.
func again(delays func(string) []time.Duration, queue string, retries int) string {
	if delays != nil {
		if all := delays(queue); retries < len(all) {
			return fmt.Sprintf("the next attempt comes after %s", all[retries])
		}
	}
	return "the next attempt comes after a back-off"
}

// queues are those that have, or had, a message of the order.
func (j *Journey) queues() []string {
	var queues []string
	add := func(queue string) {
		if queue != "" && !slices.Contains(queues, queue) {
			queues = append(queues, queue)
		}
	}
	for _, m := range j.Messages {
		add(m.Queue)
	}
	for _, l := range j.Letters {
		add(l.Queue)
	}
	return queues
}
