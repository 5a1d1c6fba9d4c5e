package host

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"traceria/services/broker"
	"traceria/services/failure/inject"
	"traceria/services/store"
	"traceria/services/topology"
	"traceria/services/wait"
	"traceria/telemetry"
)

// Options differ between the ways of running a service.
type Options struct {
	Config Config
	// Known is the topology of the whole system. A publisher is not ready before the subscribers of its events have
	// queues.
	Known topology.Topology
	// Telemetry configures the telemetry. Run fills in its Service.
	Telemetry telemetry.Config
	// Listening, if set, is called with the address once the service listens.
	Listening func(service, address string)
}

// A stop takes at most stopWork, in which all work must end, plus closeTime and flushTime. The sum is below the 10 s
// that `docker stop` allows.
const (
	stopWork   = 6500 * time.Millisecond
	closeTime  = 500 * time.Millisecond
	httpDrain  = 4 * time.Second
	relayDrain = time.Second
	flushTime  = 2 * time.Second
)

// Run runs a service until ctx ends, and stops it within 10 s (see the package comment). It waits for a broker, a
// database server or a Collector that is unavailable. It returns an error for an unusable address or database.
func Run(ctx context.Context, service Service, options Options) (err error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	seen := options.Telemetry
	seen.Service, seen.LogLevel = service.Name, options.Config.LogLevel
	tel, err := telemetry.Start(ctx, seen)
	if err != nil && ctx.Err() != nil {
		return nil // stopped during the start
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrConfiguration, err)
	}
	defer flush(ctx, tel)
	ctx, noSwitches, err := withSwitches(ctx, service.Name, options, tel)
	if err != nil {
		return fmt.Errorf("%s: %w", service.Name, err)
	}
	defer noSwitches()
	ending, done := wait.Longer(ctx, stopWork)
	defer done()
	injector := inject.New(service.Name, tel)
	var db *store.DB
	if !service.Stateless {
		if db, err = openDatabase(ctx, service, options.Config, tel); err != nil {
			if ctx.Err() != nil {
				return nil // stopped while it waited for the database
			}
			return fmt.Errorf("%s: %w", service.Name, err)
		}
		db.TakePart(injector.Store())
		defer func() { stop(); err = errors.Join(err, closeDatabase(ending, db, tel)) }()
	}
	env := NewEnv(nil)
	app, err := service.New(&Host{Config: options.Config, Env: env, Telemetry: tel, Log: tel.Log, DB: db})
	if err = errors.Join(err, env.Err()); err != nil {
		return fmt.Errorf("%s: %w", service.Name, err)
	}
	r := runner{name: service.Name, app: app, options: options, tel: tel, db: db, stop: stop, injector: injector}
	if service.Stateless {
		return r.runAlone(ctx, ending)
	}
	return r.run(ctx, ending)
}

func openDatabase(ctx context.Context, service Service, config Config, tel *telemetry.Telemetry) (*store.DB, error) {
	db, err := store.Open(ctx, config.Database(service.Name), service.Name, service.Schema, tel)
	if errors.Is(err, store.ErrURL) {
		return nil, fmt.Errorf("%w:\nDATABASE_URL: %w", ErrConfiguration, err)
	}
	if err != nil {
		return nil, err
	}
	db.KeepSent(config.OutboxRetention)
	return db, nil
}

// runner holds the parts of a running service.
type runner struct {
	name    string
	app     App
	options Options
	tel     *telemetry.Telemetry
	db      *store.DB // nil for a stateless service
	stop    func()    // cancels the context of run
	// hung lists the handlers that do not return; nil for a stateless service.
	hung func() []broker.Hung
	// working lists the messages in the hands of handlers; nil for a stateless service.
	working func() []broker.Work
	// injector injects the failures that are switched on.
	injector *inject.Injector
}

// runAlone runs a stateless service until ctx ends. It abandons the work that has not stopped when ending ends.
func (r *runner) runAlone(ctx, ending context.Context) error {
	server, err := listen(ctx, r, func(context.Context) error { return nil })
	if err != nil {
		return err
	}
	_, err = r.work(ctx, ending, server)
	return err
}

// run runs a service until ctx ends. It abandons the work that has not stopped when ending ends.
func (r *runner) run(ctx, ending context.Context) error {
	config := r.options.Config
	link := broker.Config{
		URL: config.AMQPURL, Service: r.name, Telemetry: r.tel, Choices: config.Choices,
		Seams: r.injector.Broker(),
	}
	own := r.app.Subscriptions()
	for i := range own {
		own[i].Subscription = config.BackOff.For(own[i].Subscription)
	}
	publisher := broker.NewPublisher(link, wantedBy(r.options.Known, r.name), broker.TopologyOf(own))
	consumer, err := broker.NewConsumer(link, own, publisher)
	if err != nil {
		return fmt.Errorf("%s: %w", r.name, err)
	}
	r.hung, r.working = consumer.Hung, consumer.Working
	server, err := listen(ctx, r, func(ctx context.Context) error {
		return errors.Join(r.db.PingContext(ctx), publisher.Ready(), consumer.Ready())
	})
	if err != nil {
		return err
	}
	// The publisher outlives the consumer: it must still send the events of the last handled message.
	sending, stopSending := context.WithCancel(context.WithoutCancel(ctx))
	defer stopSending()
	var senders sync.WaitGroup
	senders.Go(func() { publisher.Run(sending) })
	senders.Go(func() { r.db.Relay(sending, r.injector.Relay(publisher), r.tel.Log) })
	finished, err := r.work(ctx, ending, server, consumer.Run)
	if !finished {
		return nil
	}
	r.drainOutbox(ending, publisher)
	stopSending()
	if !await(ending, &senders) {
		r.tel.Log.Warn().Msg("RabbitMQ did not answer in time; unconfirmed events stay in the outbox and are sent at the next start")
	}
	return err
}

// work serves HTTP and runs more until ctx ends, and then waits for the work in progress. It returns false when that
// work had not ended before ending did.
func (r *runner) work(ctx, ending context.Context, server *httpServer, more ...func(context.Context)) (finished bool, err error) {
	defer server.cut()
	var takers sync.WaitGroup
	if worker, ok := r.app.(Worker); ok {
		more = append(more, worker.Work)
	}
	for _, take := range more {
		takers.Go(func() { take(ctx) })
	}
	takers.Go(func() {
		if err = server.serve(); err != nil {
			err = fmt.Errorf("%s: serve HTTP: %w", r.name, err)
			r.stop()
		}
	})
	<-ctx.Done()
	r.tel.Log.Info().Msg("stopping: finishing the work in progress")
	server.shutdown(ending)
	if !await(ending, &takers) {
		r.tel.Log.Warn().Msg("work in progress did not end in time; its messages will be delivered again")
		return false, nil
	}
	return true, err
}

// drainOutbox waits up to relayDrain for the relay to send the outbox. The rest stays in the database for the next
// start.
func (r *runner) drainOutbox(ctx context.Context, publisher *broker.Publisher) {
	ctx, cancel := context.WithTimeout(ctx, relayDrain)
	defer cancel()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for publisher.Ready() == nil {
		unsent, err := r.db.Unsent(ctx)
		if err != nil || unsent.Waiting == 0 {
			return
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return
		}
	}
}

// wantedBy returns the part of the topology that subscribes to the events of publisher.
func wantedBy(known topology.Topology, publisher string) topology.Topology {
	return topology.Topology{Subscriptions: slices.DeleteFunc(slices.Clone(known.Subscriptions),
		func(s topology.Subscription) bool { return s.Event.Domain != publisher })}
}
