package inject

import (
	"context"

	"traceria/services/broker"
	"traceria/services/failure"
)

// eventUnreadable cuts the body in half, so it is not JSON. Jaeger shows one failed process span per subscriber,
// without a retry, with a send to its .dead queue below it.
func eventUnreadable(_ *Injector, _ context.Context, d *departure) {
	d.markMessage(failure.EventUnreadable, func(m *broker.Publishing) { m.Body = m.Body[:len(m.Body)/2] })
}
