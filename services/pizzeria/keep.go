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

// Keep restores the topology that the experiments choose until ctx ends. It also forwards messages from queues that
// queue.overflow has made too short. say gets one line per change; ask may be nil.
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

// WithSwitches returns ctx with the switches in it. They decide to which versions the queues are bound.
func WithSwitches(ctx context.Context, logs io.Writer, config host.Config) (context.Context, func(), error) {
	log := zerolog.New(logs).With().Timestamp().Str("service", "topology").Logger()
	return host.WithSwitches(ctx, failure.Options{Service: "topology", File: config.Flags, Log: log})
}
