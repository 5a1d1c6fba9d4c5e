package topology

import (
	"maps"
	"time"
)

// Guest lists what a subscription needs that is no part of the system: it joins while the system runs. Its queues delete themselves
// when they had no consumer for a time (https://www.rabbitmq.com/docs/ttl#queue-ttl).
func (s Subscription) Guest(expires time.Duration) Layout {
	l := Layout{Exchanges: []Exchange{{s.DeadExchange(), queueExchangeKind}, {s.RetryExchange(), queueExchangeKind}}}
	s.addTo(&l)
	for i := range l.Queues {
		arguments := maps.Clone(l.Queues[i].Arguments)
		arguments["x-expires"] = expires.Milliseconds()
		l.Queues[i].Arguments = arguments
	}
	l.Unbound = nil
	return l
}
