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
	"traceria/telemetry"
)

// Options are what differs between the ways of running a service.
type Options struct {
	Config Config
	// Known is the topology of the whole system: a publisher waits until those who want its events have queues.
	Known topology.Topology
	// Telemetry is how the service is seen; its Service is filled in.
	Telemetry telemetry.Config
	// Listening, if set, is called with the address as soon as the service listens.
	Listening func(service, address string)
}

// The stop takes stopWork, in which everything must end, closeTime and flushTime: together less than the 10 s that
// `docker stop` gives.
const (
	stopWork   = 6500 * time.Millisecond
	closeTime  = 500 * time.Millisecond
	httpDrain  = 4 * time.Second
	relayDrain = time.Second
	flushTime  = 2 * time.Second
)

// Run runs a service until ctx ends, and then stops it: no new requests and events, work in hand is finished and
// acked, what the outbox can still send is sent, connections close, and telemetry is flushed last, with a
// fresh deadline. It takes less than 10 s: what is stuck is said and left behind. An event that was not sent stays in
// the outbox, and a message that was not acked in its queue.
//
// A broker, a database server or a Collector that is not there is waited for; an address that cannot be listened on or
// a database that cannot be used is an error.
func Run(ctx context.Context, service Service, options Options) (err error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	seen := options.Telemetry
	seen.Service, seen.LogLevel = service.Name, options.Config.LogLevel
	tel, err := telemetry.Start(ctx, seen)
	if err != nil && ctx.Err() != nil {
		return nil // it was stopped before it began
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
	ending, done := afterwards(ctx, stopWork)
	defer done()
	injector := inject.New(service.Name, tel)
	var db *store.DB
	if !service.Stateless {
		if db, err = openDatabase(ctx, service, options.Config, tel); err != nil {
			if ctx.Err() != nil {
				return nil // it was still waiting for the database when it was told to stop
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

// runner is a service at work.
type runner struct {
	name    string
	app     App
	options Options
	tel     *telemetry.Telemetry
	db      *store.DB // nil when the service is stateless
	stop    func()    // ends the context that run is given
	// injector breaks what is switched on.
	injector *inject.Injector
}

// runAlone answers requests until ctx ends, and leaves behind what has not stopped when ending does.
func (r *runner) runAlone(ctx, ending context.Context) error {
	server, err := listen(ctx, r, func(context.Context) error { return nil })
	if err != nil {
		return err
	}
	_, err = r.work(ctx, ending, server)
	return err
}

// run works until ctx ends, and leaves behind what has not stopped when ending does.
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
	server, err := listen(ctx, r, func(ctx context.Context) error {
		return errors.Join(r.db.PingContext(ctx), publisher.Ready(), consumer.Ready())
	})
	if err != nil {
		return err
	}
	// The publishing half outlives the consuming half: the last event's own events must get out.
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
		r.tel.Log.Warn().Msg("RabbitMQ did not answer in time: what was not confirmed stays in the outbox and is sent at the next start")
	}
	return err
}

// work answers requests, and takes what else comes in, until ctx ends, and then finishes what is in hand. It returns false
// when that did not end before ending did.
func (r *runner) work(ctx, ending context.Context, server *httpServer, more ...func(context.Context)) (finished bool, err error) {
	defer server.cut()
	var takers sync.WaitGroup
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
	r.tel.Log.Info().Msg("stopping: finishing the work in hand")
	server.shutdown(ending)
	if !await(ending, &takers) {
		r.tel.Log.Warn().Msg("work in hand did not end in time: it is left behind, and its messages are delivered again")
		return false, nil
	}
	return true, err
}

// drainOutbox gives the relay a moment to send what the last work left behind. What remains is safe in the
// database and goes at the next start.
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

// wantedBy is the part of the topology that wants the events of one service.
func wantedBy(known topology.Topology, publisher string) topology.Topology {
	return topology.Topology{Subscriptions: slices.DeleteFunc(slices.Clone(known.Subscriptions),
		func(s topology.Subscription) bool { return s.Event.Domain != publisher })}
}
