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
)

// readyTime is how long the parts of a service may take to say that they are ready.
const readyTime = 2 * time.Second

// bodyTime is how long a whole request may take to arrive.
const bodyTime = 10 * time.Second

// httpServer is a service's HTTP server, which knows when its handlers have returned.
type httpServer struct {
	http.Server
	listener net.Listener
	handlers sync.WaitGroup
	log      zerolog.Logger
	cut      func() // ends what is still being answered
}

// listen opens the service's address and prepares its server, with limits on everything that a caller can draw out.
// What is still being answered httpDrain after the end of ctx is cut off.
func listen(ctx context.Context, r *runner, ready func(context.Context) error) (*httpServer, error) {
	routes := newRoutes(r, ready)
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
	requests, cut := afterwards(ctx, httpDrain)
	s := &httpServer{listener: problemListener{listener}, log: r.tel.Log, cut: cut}
	s.Server = http.Server{
		Handler:           s.counted(r.tel.Handler(routes)),
		BaseContext:       func(net.Listener) context.Context { return requests },
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       bodyTime,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
	return s, nil
}

func newRoutes(r *runner, ready func(context.Context) error) *Routes {
	routes := &Routes{mux: http.NewServeMux(), log: r.tel.Log, injector: r.injector}
	routes.health("GET /healthz", func(w http.ResponseWriter, _ *http.Request) error {
		return WriteJSON(w, http.StatusOK, map[string]string{"status": "ok", "service": r.name})
	})
	routes.health("GET /readyz", func(w http.ResponseWriter, req *http.Request) error {
		ctx, cancel := context.WithTimeout(req.Context(), readyTime)
		defer cancel()
		if err := ready(ctx); err != nil {
			return &Problem{Status: http.StatusServiceUnavailable, Title: "Not ready", Detail: err.Error()}
		}
		answer := Readiness{Status: "ready", Service: r.name}
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
			answer.Outbox, answer.Events = &outbox, &now
		}
		return WriteJSON(w, http.StatusOK, answer)
	})
	if r.db != nil {
		routes.Command("POST "+ResendPath, r.resend)
	}
	return routes
}

// Readiness is what GET /readyz answers when the service can work.
type Readiness struct {
	Status  string `json:"status"`
	Service string `json:"service"`
	// Outbox is nil when the service has none.
	Outbox *Outbox `json:"outbox,omitempty"`
	// Flags is what is wrong with the flag file; while it is, what was switched on before still is.
	Flags string `json:"flags,omitempty"`
	// Events is nil when the service has none.
	Events *Events `json:"events,omitempty"`
}

// Events are the routing keys by which a service publishes and takes events at the moment. Nobody else can know whether
// they fit together: each service is configured by itself.
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

// Outbox is how many messages wait in the service's outbox, by what keeps them there (see [store.Unsent]).
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

// serve answers requests until shutdown, after which it returns nil.
func (s *httpServer) serve() error {
	if err := s.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// shutdown takes no more requests and waits for those in hand; the context of requests ends them after httpDrain.
// It does not wait longer than ctx for a handler that does not listen to its context.
func (s *httpServer) shutdown(ctx context.Context) {
	drained, cancel := context.WithTimeout(ctx, httpDrain)
	defer cancel()
	if s.Shutdown(drained) == nil {
		return
	}
	s.log.Warn().Msg("some requests took too long: they are cut off")
	_ = s.Close() // closes what is open; there is nothing left to save
	await(ctx, &s.handlers)
}
