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

	"github.com/rs/zerolog"

	"traceria/services/broker"
	"traceria/services/event"
	"traceria/services/failure"
	"traceria/services/wait"
	"traceria/telemetry"
)

// readyTime limits the readiness check of a service's parts.
const readyTime = 2 * time.Second

// bodyTime limits the arrival of a whole request.
const bodyTime = 10 * time.Second

// httpServer is the HTTP server of a service. It counts its running handlers.
type httpServer struct {
	http.Server
	listener net.Listener
	handlers sync.WaitGroup
	log      zerolog.Logger
	cut      func() // cancels the requests in progress
}

// listen opens the service's address and builds its server. It cancels requests that are still in progress httpDrain
// after ctx has ended.
func listen(ctx context.Context, r *runner, ready func(context.Context) error) (*httpServer, error) {
	routes := newRoutes(ctx, r, ready)
	r.app.Routes(routes)
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", r.options.Config.Addr(r.name))
	if err != nil {
		return nil, fmt.Errorf("%s: %w (HTTP_ADDR chooses another address)", r.name, err)
	}
	address := listener.Addr().String()
	if r.options.Listening != nil {
		r.options.Listening(r.name, address)
	}
	r.tel.Log.Info().Str("address", address).Msg("listening")
	requests, cut := wait.Longer(ctx, httpDrain)
	s := &httpServer{listener: problemListener{listener}, log: r.tel.Log, cut: cut}
	s.Server = http.Server{
		Handler:           s.counted(r.tel.Handler(routes, routes.spanless)),
		BaseContext:       func(net.Listener) context.Context { return requests },
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       bodyTime,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
	return s, nil
}

func newRoutes(ctx context.Context, r *runner, ready func(context.Context) error) *Routes {
	routes := &Routes{
		mux: http.NewServeMux(), log: r.tel.Log, injector: r.injector, stopping: ctx,
		open: map[string]bool{}, health: map[string]bool{},
	}
	routes.addHealth("GET /healthz", func(w http.ResponseWriter, _ *http.Request) error {
		return WriteJSON(w, http.StatusOK, map[string]string{"status": "ok", "service": r.name})
	})
	routes.addHealth("GET /readyz", func(w http.ResponseWriter, req *http.Request) error {
		ctx, cancel := context.WithTimeout(req.Context(), readyTime)
		defer cancel()
		if err := ready(ctx); err != nil {
			return &Problem{Status: http.StatusServiceUnavailable, Title: "Not ready", Detail: err.Error()}
		}
		answer := Readiness{Status: "ready", Service: r.name, Telemetry: r.tel.Lost()}
		if err := failure.FromContext(ctx).Problem(); err != nil {
			answer.Flags = err.Error()
		}
		if r.db != nil {
			unsent, err := r.db.Unsent(ctx)
			if err != nil {
				return err
			}
			outbox := Outbox(unsent)
			now := r.events(ctx)
			answer.FlagChanges = failure.FromContext(ctx).Changes()
			answer.Outbox, answer.Events, answer.Hung, answer.Working = &outbox, &now, r.hung(), r.working()
		}
		return WriteJSON(w, http.StatusOK, answer)
	})
	if r.db != nil {
		routes.Command("POST "+ResendPath, r.resend)
		routes.Query("GET "+SentPath, r.sent)
	}
	return routes
}

// Readiness is the answer of GET /readyz when the service is ready.
type Readiness struct {
	Status  string `json:"status"`
	Service string `json:"service"`
	// Outbox is nil for a stateless service.
	Outbox *Outbox `json:"outbox,omitempty"`
	// Flags describes the fault of the flag file. Meanwhile the last valid state of the file applies.
	Flags string `json:"flags,omitempty"`
	// FlagChanges is the number of changes of the flags that the service has noticed since its start, 0 for a stateless service.
	FlagChanges int64 `json:"flagChanges,omitempty"`
	// Events is nil for a stateless service.
	Events *Events `json:"events,omitempty"`
	// Hung are the handlers that have not returned although their message was taken from them.
	Hung []broker.Hung `json:"hung,omitempty"`
	// Working are the messages that handlers have taken and not settled.
	Working []broker.Work `json:"working,omitempty"`
	// Telemetry is what was dropped instead of exported since the service started. It is not there if that is nothing.
	Telemetry telemetry.Lost `json:"telemetry,omitzero"`
}

// Events are the routing keys that the service publishes and consumes now. Each service has its own configuration, so
// only a comparison of the answers shows whether they fit.
type Events struct {
	Publishes []string `json:"publishes"`
	Takes     []string `json:"takes"`
}

func (r *runner) events(ctx context.Context) Events {
	choices := r.options.Config.Choices(ctx)
	now := Events{Publishes: []string{}, Takes: []string{}}
	for _, t := range event.Catalogue {
		if t.Domain == r.name && choices.Publishes(t) {
			now.Publishes = append(now.Publishes, t.RoutingKey())
		}
		if slices.ContainsFunc(r.app.Subscriptions(), func(s broker.Subscription) bool {
			if t.Name == event.OrderConfirmedV1.Name && s.Event.Name == t.Name {
				return slices.Contains(choices.Taken(s.Subscriber, s.Bound()), t)
			}
			return s.Takes(t)
		}) {
			now.Takes = append(now.Takes, t.RoutingKey())
		}
	}
	return now
}

// Outbox counts the messages in the service's outbox by reason (see [store.Unsent]).
type Outbox struct {
	Waiting    int `json:"waiting"`
	Refused    int `json:"refused"`
	Unroutable int `json:"unroutable"`
	Unreadable int `json:"unreadable"`
}

func (s *httpServer) counted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.handlers.Add(1)
		defer s.handlers.Done()
		next.ServeHTTP(w, r)
	})
}

// serve runs the server. It returns nil after shutdown.
func (s *httpServer) serve() error {
	if err := s.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// shutdown stops accepting requests and waits up to httpDrain for those in progress. It does not wait longer than ctx
// for a handler that ignores its context.
func (s *httpServer) shutdown(ctx context.Context) {
	drained, cancel := context.WithTimeout(ctx, httpDrain)
	defer cancel()
	if s.Shutdown(drained) == nil {
		return
	}
	s.log.Warn().Msg("some requests took too long and were cut off")
	_ = s.Close() // closes the open connections
	await(ctx, &s.handlers)
}
