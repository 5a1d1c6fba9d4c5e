package inject

import (
	"context"
	"time"

	"traceria/services/broker"
	"traceria/services/failure"
)

// cutEvery is the minimum time between two cuts of a connection, so that the service progresses meanwhile.
const cutEvery = 5 * time.Second

// inItsWake is how long after a cut other sends still use the broken connection.
const inItsWake = 20 * time.Millisecond

// brokerDisconnect cuts the consumer's connection after the work on a message and before its ack. Jaeger shows the
// process span, a second attempt at the message, and a reconnect span.
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

// brokerDisconnectSending cuts the publisher's connection between send and confirm. Jaeger shows a failed send, and
// another send when the outbox retries.
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
