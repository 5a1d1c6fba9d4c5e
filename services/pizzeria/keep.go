package pizzeria

import (
	"context"
	"io"
	"sync"

	"github.com/rs/zerolog"

	"traceria/services/failure"
	"traceria/services/host"
	"traceria/services/keeper"
)

// Keep restores the topology, as the experiments change it, until ctx ends. It also forwards messages from the queues of
// queue.overflow. say gets one line per change. ask requests lost events from their publishers and may be nil.
func Keep(ctx context.Context, logs io.Writer, config host.Config, say func(string), ask keeper.Ask) error {
	ctx, done, err := WithSwitches(ctx, logs, config)
	if err != nil {
		return err
	}
	defer done()
	follower := Follow(ctx, config)
	var carrying sync.WaitGroup
	carrying.Go(func() { follower.carry(say) })
	defer carrying.Wait()
	keeper.Run(ctx, keeper.Config{
		Topology: follower.Now, URL: config.AMQPURL, ManagementURL: config.ManagementURL, Say: say, Ask: ask,
	})
	return nil
}

// WithSwitches returns ctx with the switches of the configuration. The caller must call the returned function.
func WithSwitches(ctx context.Context, logs io.Writer, config host.Config) (context.Context, func(), error) {
	log := zerolog.New(logs).With().Timestamp().Str("service", "topology").Logger()
	return host.WithSwitches(ctx, failure.Options{Service: "topology", File: config.Flags, Log: log})
}
