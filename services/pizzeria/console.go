package pizzeria

import (
	"context"
	"sync"

	"traceria/services/console"
	"traceria/services/host"
	"traceria/services/order/orderclient"
)

// consoleSystem returns what the console asks the running system. Nothing of it needs to run when the console starts.
func consoleSystem(h *host.Host) console.System {
	sources, games, parts := newConsoleSources(h), newScenarios(h), newParts(h)
	orders := orderclient.New(h.Config.URLs["order"])
	system := console.System{
		Version: Version(), Counter: newCounter(h), Scenarios: games, Parts: parts.Look,
		Number: func(ctx context.Context, number string) (string, error) {
			order, err := orders.FindNumber(ctx, number)
			return order.OrderID, err
		},
		Work: func(ctx context.Context) {
			var group sync.WaitGroup
			for _, work := range []func(context.Context){sources.Work, games.Work, parts.Work} {
				group.Go(func() { work(ctx) })
			}
			group.Wait()
		},
	}
	sources.fill(&system)
	return system
}
