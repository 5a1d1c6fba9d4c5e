package journey

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"traceria/services/order/orderclient"
	"traceria/telemetry/tracetree"
)

// Journey holds the known facts of one order.
type Journey struct {
	// Order is the last answer of the order service.
	Order orderclient.Order
	// Placed is when the order was placed, and Changed when its status was seen to change last.
	Placed, Changed time.Time
	// Messages are read from Jaeger; Read says that this succeeded once.
	Messages []tracetree.Message
	Read     bool
	// Letters are the order's dead letters, as RabbitMQ has them.
	Letters []Letter
	// Ended says that nothing more will happen. Err is why the order is not delivered, or nil. An order that the customer
	// cancelled has no Err.
	Ended bool
	Err   error
}

// conclude decides whether the order has ended.
func (j *Journey) conclude() {
	switch {
	case j.rejected():
		j.end(fmt.Errorf("order %s is rejected by the kitchen: %s", j.Order.OrderID, cmp.Or(j.Order.Rejection, "it gives no reason")))
	case j.Order.Settled():
		j.end(nil)
	default:
		if stop, found := j.stop(); found {
			j.end(fmt.Errorf("order %s is %s and cannot be delivered: %s", j.Order.OrderID, j.Order.Status, stop))
		}
	}
}

func (j *Journey) end(err error) { j.Ended, j.Err = true, err }

func (j *Journey) rejected() bool {
	return j.Order.Status == "cancelled" && (j.Order.Rejection != "" || slices.ContainsFunc(j.Order.Timeline, func(e orderclient.Entry) bool {
		return statusAfter(e.Event) == "rejected"
	}))
}

// stop says which dead letter or lost message keeps the order from going on.
func (j *Journey) stop() (text string, found bool) {
	for _, s := range open(j.Order.Status) {
		m, known := j.message(s.queue)
		if known && m.State == tracetree.Lost {
			return lostText(m), true
		}
		if letter, dead := j.letter(s.queue); dead {
			return letter.text() + "; see: traceria dead show " + s.queue, true
		}
	}
	return "", false
}

// message finds the message in a queue, as Jaeger tells. Of several it is the one that something is still to happen to.
func (j *Journey) message(queue string) (found tracetree.Message, known bool) {
	for _, m := range j.Messages {
		if m.Queue == queue && (!known || m.UnderWay()) {
			found, known = m, true
		}
	}
	return found, known
}

// letter finds the dead letter in a queue: as RabbitMQ has it, unless Jaeger says that it was redriven since, else as Jaeger
// tells.
func (j *Journey) letter(queue string) (Letter, bool) {
	m, known := j.message(queue)
	i := slices.IndexFunc(j.Letters, func(l Letter) bool { return l.Queue == queue })
	if i >= 0 && (!known || m.State == tracetree.Dead || m.Since.Before(j.Letters[i].At)) {
		return j.Letters[i], true
	}
	if !known || m.State != tracetree.Dead {
		return Letter{}, false
	}
	last, _ := m.Last()
	return Letter{Queue: queue, Event: eventName(m.RoutingKey), Error: last.Error, Attempts: last.Number, At: m.Since}, true
}

// text names the dead queue and says why the message is in it.
func (l Letter) text() string {
	why := strings.Join(slices.DeleteFunc([]string{l.Reason, l.Error}, func(s string) bool { return s == "" }), ": ")
	return fmt.Sprintf("%s is in %s.dead (%s)", cmp.Or(strings.TrimSpace(l.Event), "its message"), l.Queue, cmp.Or(why, "RabbitMQ gives no reason"))
}

func lostText(m tracetree.Message) string {
	last, _ := m.Last()
	return fmt.Sprintf("%s acked %s in %s before the work was done, which then failed (%s): the message is lost",
		m.Consumer, eventName(m.RoutingKey), m.Queue, last.Error)
}
