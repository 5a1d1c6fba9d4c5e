package host

import (
	"context"
	"net/http"
	"time"
)

// RouteOption changes a route.
type RouteOption func(*routeOptions)

type routeOptions struct{ within time.Duration }

// Within sets the time in which the request must arrive and the answer must be written. The default is 10 s.
func Within(d time.Duration) RouteOption { return func(o *routeOptions) { o.within = d } }

// limited ends the context of a request after its time. A time of its own also replaces the time limits of the server.
func limited(handle HandlerFunc, options []RouteOption) HandlerFunc {
	o := routeOptions{within: answerTime}
	for _, option := range options {
		option(&o)
	}
	return func(w http.ResponseWriter, req *http.Request) error {
		if len(options) > 0 {
			control, end := http.NewResponseController(w), time.Now().Add(o.within)
			_ = control.SetReadDeadline(end)                   // every connection of the server has deadlines
			_ = control.SetWriteDeadline(end.Add(writingTime)) // a handler that used all of its time still answers
		}
		ctx, cancel := context.WithTimeout(req.Context(), o.within)
		defer cancel()
		return handle(w, req.WithContext(ctx))
	}
}

// writingTime is the time for the answer after the handler's time is over.
const writingTime = 20 * time.Second

// Open adds a route that makes no span and that no failure is injected into: a page, its files, or the intake of a program that
// watches the system. A request that changes something is refused from another origin, as a command is.
func (r *Routes) Open(pattern string, handle HandlerFunc, options ...RouteOption) {
	r.addOpen(pattern, limited(fromSameOrigin(handle), options))
}

// Stream adds an open route without time limits. The context of the request ends as soon as the service stops. The handler must
// set a write deadline before each write (http.ResponseController).
func (r *Routes) Stream(pattern string, handle HandlerFunc) {
	r.addOpen(pattern, fromSameOrigin(func(w http.ResponseWriter, req *http.Request) error {
		control := http.NewResponseController(w)
		_ = control.SetReadDeadline(time.Time{})
		_ = control.SetWriteDeadline(time.Time{})
		ctx, cancel := context.WithCancel(req.Context())
		defer cancel()
		defer context.AfterFunc(r.stopping, cancel)() //nolint:contextcheck // the life of the service, beside that of the request
		return handle(w, req.WithContext(ctx))
	}))
}

func (r *Routes) addOpen(pattern string, handle HandlerFunc) {
	r.open[pattern] = true
	r.mux.HandleFunc(pattern, func(w http.ResponseWriter, req *http.Request) { r.serve(w, req, handle) })
}

// addHealth adds an open route that the guard does not see.
func (r *Routes) addHealth(pattern string, handle HandlerFunc) {
	r.health[pattern] = true
	r.addOpen(pattern, handle)
}

// spanless reports whether a request belongs to an open route.
func (r *Routes) spanless(req *http.Request) bool {
	_, pattern := r.mux.Handler(req)
	return r.open[pattern]
}

// Guard sees each request before its route does. It may set headers of the answer. An error refuses the request.
type Guard func(w http.ResponseWriter, r *http.Request) error

// Guard sets the guard of all routes but /healthz and /readyz, also of those that do not exist.
func (r *Routes) Guard(guard Guard) { r.guard = guard }

func (r *Routes) guarded(pattern string, w http.ResponseWriter, req *http.Request) error {
	if r.guard == nil || r.health[pattern] {
		return nil
	}
	return r.guard(w, req)
}
