package inject

import (
	"context"
	"time"

	"traceria/services/broker"
	"traceria/services/failure"
)

// cutEvery is how often a connection is cut at most: in between the service gets on.
const cutEvery = 5 * time.Second

// inItsWake is how long after a cut what is sent behind it finds the same connection.
const inItsWake = 20 * time.Millisecond

// brokerDisconnect cuts the consuming connection when the work on a message is done and it is not acked yet. Jaeger shows
// the process span, another attempt at the same message, and a span of the reconnection.
func brokerDisconnect(i *Injector, ctx context.Context, _ string, a *broker.Attempt, work next) error {
	if a.Number > 1 {
		failure.Inject(ctx, failure.BrokerDisconnect)
		return work(ctx)
	}
	err := work(ctx)
	if i.cuts.may(cutEvery) {
		failure.Inject(ctx, failure.BrokerDisconnect)
		a.Cut(failure.Marks(failure.BrokerDisconnect)...)
	}
	return err
}

// brokerDisconnectSending cuts the publishing connection when an event is on its way. Jaeger shows its send as an error,
// and another send when the outbox tries again.
func brokerDisconnectSending(i *Injector, d *departure) {
	if !i.sendCut.may(cutEvery) {
		if i.sendCut.ago() < inItsWake {
			d.mark(failure.BrokerDisconnect, nil)
		}
		return
	}
	d.mark(failure.BrokerDisconnect, nil)
	d.OnWay = func() { d.Cut(failure.Marks(failure.BrokerDisconnect)...) }
}
