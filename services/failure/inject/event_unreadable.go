package inject

import (
	"context"

	"traceria/services/broker"
	"traceria/services/failure"
)

// eventUnreadable cuts the body off in the middle: it is no JSON. Jaeger shows one failed process span per subscriber, no
// retry, and a send to its .dead queue under it.
func eventUnreadable(_ *Injector, _ context.Context, d *departure) {
	d.markMessage(failure.EventUnreadable, func(m *broker.Publishing) { m.Body = m.Body[:len(m.Body)/2] })
}
