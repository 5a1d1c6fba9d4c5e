package host

import (
	"errors"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/rs/zerolog"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"traceria/telemetry"
)

// HandlerFunc answers a request, or returns an error: a [Problem] becomes its own status, anything else a 500
// that says no more than that.
type HandlerFunc func(w http.ResponseWriter, r *http.Request) error

// Routes are the HTTP routes of a service. A route is a command or a query, and its span says which.
type Routes struct {
	mux *http.ServeMux
	log zerolog.Logger
}

// Command adds a route that changes something. pattern is http.ServeMux's: "POST /order".
func (r *Routes) Command(pattern string, handle HandlerFunc) {
	r.add(pattern, telemetry.Command, handle)
}

// Query adds a route that only looks.
func (r *Routes) Query(pattern string, handle HandlerFunc) { r.add(pattern, telemetry.Query, handle) }

func (r *Routes) add(pattern, kind string, handle HandlerFunc) {
	_, route, _ := strings.Cut(pattern, " ")
	r.mux.HandleFunc(pattern, func(w http.ResponseWriter, req *http.Request) {
		// otelhttp stands around the mux: it names the span after the route, but cannot set the attribute.
		trace.SpanFromContext(req.Context()).SetAttributes(telemetry.KindKey.String(kind), semconv.HTTPRoute(route))
		r.serve(w, req, handle)
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
			trace.SpanFromContext(ctx).SetAttributes(internalError)
			_ = writeProblem(w, internalProblem)
		}
	}()
	err := handle(w, req)
	if err == nil {
		return
	}
	var problem *Problem
	if !errors.As(err, &problem) {
		r.log.Error().Ctx(ctx).Err(err).Str("route", req.Pattern).Msg("request failed")
		problem = internalProblem
	}
	// A refused request is the caller's fault and no error of the server's span
	// (https://opentelemetry.io/docs/specs/semconv/http/http-spans/#status): its status code says enough.
	if problem.Status >= http.StatusInternalServerError {
		trace.SpanFromContext(ctx).SetAttributes(semconv.ErrorTypeKey.String(strconv.Itoa(problem.Status)))
	}
	if err := writeProblem(w, problem); err != nil {
		r.log.Error().Ctx(ctx).Err(err).Msg("problem not written")
	}
}

var internalError = semconv.ErrorTypeKey.String(strconv.Itoa(http.StatusInternalServerError))

var internalProblem = &Problem{
	Status: http.StatusInternalServerError, Title: "Internal error", Detail: "the service's log says more",
}

// ServeHTTP implements http.Handler. What no route matches gets a problem document, too.
func (r *Routes) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if _, pattern := r.mux.Handler(req); pattern != "" {
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
	_ = writeProblem(w, problem)
}

// refusalWriter keeps what the mux says about a request that it refuses.
type refusalWriter struct {
	header http.Header
	status int
}

func (w *refusalWriter) Header() http.Header         { return w.header }
func (w *refusalWriter) WriteHeader(status int)      { w.status = status }
func (w *refusalWriter) Write(b []byte) (int, error) { return len(b), nil }
