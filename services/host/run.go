package host

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"traceria/services/broker"
	"traceria/services/store"
	"traceria/telemetry"
)

// Options are what differs between the ways of running a service.
type Options struct {
	Config Config
	// Known is the topology of the whole system: a publisher waits until those who want its events have queues.
	Known broker.Topology
	// Telemetry is how the service is seen; its Service is filled in.
	Telemetry telemetry.Config
	// Listening, if set, is called with the address as soon as the service listens.
	Listening func(service, address string)
}

const (
	httpDrain  = 5 * time.Second
	relayDrain = time.Second
	flushTime  = 2 * time.Second
)

// Run runs a service until ctx ends, and then stops it: no new requests and events, work in hand is finished and
// acked, what the outbox can still send is sent, connections close, and telemetry is flushed last, with a
// fresh deadline. It takes less than 10 s.
//
// A broker or a Collector that is not there is waited for; an address that cannot be listened on or a database
// that cannot be opened is an error.
func Run(ctx context.Context, service Service, options Options) (err error) {
	seen := options.Telemetry
	seen.Service, seen.LogLevel = service.Name, options.Config.LogLevel
	tel, err := telemetry.Start(ctx, seen)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrConfiguration, err)
	}
	defer func() {
		fresh, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTime)
		defer cancel()
		if flushErr := tel.Shutdown(fresh); flushErr != nil {
			tel.Log.Warn().Err(flushErr).Msg("some telemetry was not delivered before the end")
		}
	}()
	db, err := store.Open(ctx, options.Config.Database(service.Name), service.Name, service.Schema, tel)
	if err != nil {
		return fmt.Errorf("%s: %w", service.Name, err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	env := NewEnv(nil)
	app, err := service.New(&Host{Config: options.Config, Env: env, Telemetry: tel, Log: tel.Log, DB: db})
	if err = errors.Join(err, env.Err()); err != nil {
		return fmt.Errorf("%s: %w", service.Name, err)
	}
	return runApp(ctx, service.Name, app, options, tel, db)
}

func runApp(ctx context.Context, name string, app App, options Options, tel *telemetry.Telemetry, db *store.DB) error {
	link := broker.Config{URL: options.Config.AMQPURL, Service: name, Telemetry: tel}
	own := options.Config.BackOff.Of(app.Subscriptions())
	publisher := broker.NewPublisher(link, wantedBy(options.Known, name), broker.Topology{Subscriptions: own})
	consumer, err := broker.NewConsumer(link, own, publisher)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	server, listener, err := listen(ctx, name, app, options, tel, func(ctx context.Context) error {
		return errors.Join(db.PingContext(ctx), publisher.Ready(), consumer.Ready())
	})
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	// The publishing half outlives the consuming half: the last event's own events must get out.
	sending, stopSending := context.WithCancel(context.WithoutCancel(ctx))
	var senders, takers sync.WaitGroup
	senders.Go(func() { publisher.Run(sending) })
	senders.Go(func() { db.Relay(sending, publisher, tel.Log) })
	takers.Go(func() { consumer.Run(ctx) })
	failed := make(chan error, 1)
	takers.Go(func() {
		if serveErr := server.Serve(listener); !errors.Is(serveErr, http.ErrServerClosed) {
			failed <- fmt.Errorf("%s: serve HTTP: %w", name, serveErr)
		}
	})
	tel.Log.Info().Str("address", listener.Addr().String()).Msg("listening")

	select {
	case <-ctx.Done():
		tel.Log.Info().Msg("stopping: finishing the work in hand")
	case err = <-failed:
		stop()
	}
	drained, cancel := context.WithTimeout(context.WithoutCancel(ctx), httpDrain)
	defer cancel()
	err = errors.Join(err, server.Shutdown(drained))
	takers.Wait()
	drainOutbox(sending, db, publisher)
	stopSending()
	senders.Wait()
	return err
}

// listen opens the service's address and prepares its server, with limits on everything that a caller can draw out.
func listen(ctx context.Context, name string, app App, options Options, tel *telemetry.Telemetry,
	ready func(context.Context) error,
) (*http.Server, net.Listener, error) {
	routes := &Routes{mux: http.NewServeMux(), log: tel.Log}
	routes.health("GET /healthz", func(w http.ResponseWriter, _ *http.Request) error {
		return WriteJSON(w, http.StatusOK, map[string]string{"status": "ok", "service": name})
	})
	routes.health("GET /readyz", func(w http.ResponseWriter, r *http.Request) error {
		if err := ready(r.Context()); err != nil {
			return &Problem{Status: http.StatusServiceUnavailable, Title: "Not ready", Detail: err.Error()}
		}
		return WriteJSON(w, http.StatusOK, map[string]string{"status": "ready", "service": name})
	})
	app.Routes(routes)
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", options.Config.Addr(name))
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w (HTTP_ADDR chooses another address)", name, err)
	}
	if options.Listening != nil {
		options.Listening(name, listener.Addr().String())
	}
	return &http.Server{
		Handler:           tel.Handler(routes),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    64 << 10,
	}, listener, nil
}

// drainOutbox gives the relay a moment to send what the last work left behind. What remains is safe in the
// database and goes at the next start.
func drainOutbox(ctx context.Context, db *store.DB, publisher *broker.Publisher) {
	deadline := time.NewTimer(relayDrain)
	defer deadline.Stop()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for publisher.Ready() == nil {
		waiting, _, err := db.Unsent(ctx)
		if err != nil || waiting == 0 {
			return
		}
		select {
		case <-look.C:
		case <-deadline.C:
			return
		}
	}
}

// wantedBy is the part of the topology that wants the events of one service.
func wantedBy(known broker.Topology, publisher string) broker.Topology {
	return broker.Topology{Subscriptions: slices.DeleteFunc(slices.Clone(known.Subscriptions),
		func(s broker.Subscription) bool { return s.Event.Domain != publisher })}
}
