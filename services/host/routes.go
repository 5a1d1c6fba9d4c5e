package host

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"path"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"traceria/services/event"
	"traceria/services/failure/inject"
	"traceria/telemetry"
)

// HandlerFunc answers a request, or returns an error: a [Problem] becomes its own status, an error that wraps
// [event.ErrUnavailable] or is the end of the request's time a 503, and anything else a 500 that says no more than that.
type HandlerFunc func(w http.ResponseWriter, r *http.Request) error

// Routes are the HTTP routes of a service. A route is a command or a query, and its span says which.
type Routes struct {
	mux *http.ServeMux
	log zerolog.Logger
	// injector breaks what is switched on.
	injector *inject.Injector
}

// Command adds a route that changes something. pattern is http.ServeMux's: "POST /order". A web page from somewhere else
// cannot use it through the browser of somebody who looks at both; programs that are no browsers say nothing of an origin.
func (r *Routes) Command(pattern string, handle HandlerFunc) {
	r.add(pattern, telemetry.Command, func(w http.ResponseWriter, req *http.Request) error {
		if err := sameOrigin.Check(req); err != nil {
			return &Problem{
				Status: http.StatusForbidden, Title: "Request from another origin",
				Detail: "a page of another origin may not change anything here",
			}
		}
		return handle(w, req)
	})
}

// sameOrigin looks at Sec-Fetch-Site, which every browser sends, and at Origin.
var sameOrigin = http.NewCrossOriginProtection()

// Query adds a route that only looks.
func (r *Routes) Query(pattern string, handle HandlerFunc) { r.add(pattern, telemetry.Query, handle) }

// answerTime is how long a request may take once it is there; then its context ends, and the answer is a 503.
const answerTime = 10 * time.Second

func (r *Routes) add(pattern, kind string, handle HandlerFunc) {
	_, route, _ := strings.Cut(pattern, " ")
	r.mux.HandleFunc(pattern, func(w http.ResponseWriter, req *http.Request) {
		// otelhttp stands around the mux: it names the span after the route when there is an answer, which a process that
		// dies does not give, and cannot set the attribute.
		span := trace.SpanFromContext(req.Context())
		span.SetName(pattern)
		span.SetAttributes(telemetry.KindKey.String(kind), semconv.HTTPRoute(route))
		ctx, cancel := context.WithTimeout(req.Context(), answerTime)
		defer cancel()
		r.serve(w, req.WithContext(ctx), r.injected(pattern, handle))
	})
}

// health adds a route that makes no span.
func (r *Routes) health(pattern string, handle HandlerFunc) {
	r.mux.HandleFunc(pattern, func(w http.ResponseWriter, req *http.Request) { r.serve(w, req, handle) })
}

func (r *Routes) serve(w http.ResponseWriter, req *http.Request, handle HandlerFunc) {
	ctx := req.Context()
	defer func() {
		if reason := recover(); reason != nil {
			r.log.Error().Ctx(ctx).Interface("panic", reason).Bytes("stack", debug.Stack()).Msg("request failed")
			r.refuse(w, req, internalProblem)
		}
	}()
	if err := handle(w, req); err != nil {
		r.refuse(w, req, r.problem(req, err))
	}
}

// problem is what the caller is told of an error; what he is not told is logged.
func (r *Routes) problem(req *http.Request, err error) *Problem {
	if problem, ok := errors.AsType[*Problem](err); ok {
		return problem
	}
	line := r.log.Error()
	problem := internalProblem
	if refusal, ok := errors.AsType[*event.Refusal](err); ok {
		problem = refused(refusal)
	}
	if errors.Is(err, event.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded) {
		line = r.log.Warn()
		problem = unavailableProblem
	}
	line.Ctx(req.Context()).Err(err).Str("route", req.Pattern).Msg("request failed")
	return problem
}

// refuse answers with a problem at once, and then takes what the caller is still sending: when a connection closes
// under a sender, he sees a reset and never the answer that says why. The read timeout limits that.
func (r *Routes) refuse(w http.ResponseWriter, req *http.Request, problem *Problem) {
	// A refused request is the caller's fault and no error of the server's span
	// (https://opentelemetry.io/docs/specs/semconv/http/http-spans/#status): its status code says enough.
	if problem.Status >= http.StatusInternalServerError {
		trace.SpanFromContext(req.Context()).SetAttributes(
			semconv.ErrorTypeKey.String(cmp.Or(problem.ErrorType, strconv.Itoa(problem.Status))))
	}
	if problem == unavailableProblem {
		w.Header().Set("Retry-After", "1")
	}
	if err := writeProblem(w, problem); err != nil {
		r.log.Error().Ctx(req.Context()).Err(err).Msg("problem not written")
		return
	}
	if req.Header.Get("Expect") == "" { // who asks first whether he may send sends nothing now
		_ = http.NewResponseController(w).Flush()
		_, _ = io.Copy(io.Discard, req.Body)
	}
}

var internalProblem = &Problem{
	Status: http.StatusInternalServerError, Title: "Internal error", Detail: "the service's log says more",
}

var unavailableProblem = &Problem{
	Status: http.StatusServiceUnavailable, Title: "Not available at the moment",
	Detail: "the database or a service that this one needs is away or does not answer in time; try again " +
		"(an order with its Idempotency-Key is placed once, however often)",
}

// ServeHTTP implements http.Handler. What no route matches gets a problem document, too.
func (r *Routes) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	// The mux answers //order with a redirect and a page of HTML: it is no route either.
	if _, pattern := r.mux.Handler(req); pattern != "" && path.Clean(req.URL.Path) == req.URL.Path {
		r.mux.ServeHTTP(w, req)
		return
	}
	// The mux knows whether the path or only the method is wrong, and which methods are allowed.
	refusal := &refusalWriter{header: http.Header{}}
	r.mux.ServeHTTP(refusal, req)
	problem := NotFound("no route for %s %s", req.Method, req.URL.Path)
	if refusal.status == http.StatusMethodNotAllowed {
		allow := refusal.header.Get("Allow")
		w.Header().Set("Allow", allow)
		problem = &Problem{
			Status: refusal.status, Title: "Method not allowed",
			Detail: req.Method + " is not allowed on " + req.URL.Path + "; allowed: " + allow,
		}
	}
	r.refuse(w, req, problem)
}

// refusalWriter keeps what the mux says about a request that it refuses.
type refusalWriter struct {
	header http.Header
	status int
}

func (w *refusalWriter) Header() http.Header         { return w.header }
func (w *refusalWriter) WriteHeader(status int)      { w.status = status }
func (w *refusalWriter) Write(b []byte) (int, error) { return len(b), nil }
