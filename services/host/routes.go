package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
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

// HandlerFunc answers a request or returns an error. A [Problem] keeps its own status. [event.ErrUnavailable] and an
// exceeded deadline become a 503. Any other error becomes a 500 without details.
type HandlerFunc func(w http.ResponseWriter, r *http.Request) error

// Routes are the HTTP routes of a service. Each route is a command or a query, and its span says which.
type Routes struct {
	mux *http.ServeMux
	log zerolog.Logger
	// injector injects the failures that are switched on.
	injector *inject.Injector
	// open has the patterns of the routes without a span, and health those that the guard lets through.
	open, health map[string]bool
	guard        Guard
	// stopping ends when the service is told to stop.
	stopping context.Context //nolint:containedctx // streams end with it
}

// Command adds a route that changes state. pattern is http.ServeMux's, such as "POST /order". Browsers cannot call it
// from a page of another origin. Other programs send no origin and are allowed.
func (r *Routes) Command(pattern string, handle HandlerFunc, options ...RouteOption) {
	r.add(pattern, telemetry.Command, fromSameOrigin(handle), options)
}

// fromSameOrigin refuses a request that changes something and comes from a page of another origin.
func fromSameOrigin(handle HandlerFunc) HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) error {
		if err := sameOrigin.Check(req); err != nil {
			return &Problem{
				Status: http.StatusForbidden, Title: "Request from another origin",
				Detail: "a web page of another origin may not send commands",
			}
		}
		return handle(w, req)
	}
}

// sameOrigin checks Sec-Fetch-Site, which every browser sends, and Origin.
var sameOrigin = http.NewCrossOriginProtection()

// Query adds a route that changes nothing.
func (r *Routes) Query(pattern string, handle HandlerFunc, options ...RouteOption) {
	r.add(pattern, telemetry.Query, handle, options)
}

// answerTime limits the handling of a request. Then its context ends, and the answer is a 503. [Within] changes it.
const answerTime = 10 * time.Second

func (r *Routes) add(pattern, kind string, handle HandlerFunc, options []RouteOption) {
	_, route, _ := strings.Cut(pattern, " ")
	handle = limited(r.injected(pattern, handle), options)
	r.mux.HandleFunc(pattern, func(w http.ResponseWriter, req *http.Request) {
		// otelhttp wraps the mux and sets the span's name only with the answer. A process that dies gives no answer, so
		// set the name and the attributes now.
		span := trace.SpanFromContext(req.Context())
		span.SetName(pattern)
		span.SetAttributes(telemetry.KindKey.String(kind), semconv.HTTPRoute(route))
		r.serve(w, req, handle)
	})
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

// problem returns the answer for an error. It logs the details that the caller must not see.
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

// refuse answers with a problem and then reads the rest of the request: a sender whose connection closes early sees a
// reset instead of the answer. The server's read timeout limits that.
func (r *Routes) refuse(w http.ResponseWriter, req *http.Request, problem *Problem) {
	// A 4xx is no error of the server span (https://opentelemetry.io/docs/specs/semconv/http/http-spans/#status).
	if problem.Status >= http.StatusInternalServerError {
		trace.SpanFromContext(req.Context()).SetAttributes(
			semconv.ErrorTypeKey.String(cmp.Or(problem.ErrorType, strconv.Itoa(problem.Status))))
	}
	if problem == unavailableProblem {
		w.Header().Set("Retry-After", "1")
	}
	if err := writeProblem(w, problem); err != nil {
		r.log.Error().Ctx(req.Context()).Err(err).Msg("answer not written")
		return
	}
	if req.Header.Get("Expect") == "" { // a client that sent Expect waits and sends no body now
		_ = http.NewResponseController(w).Flush()
		_, _ = io.Copy(io.Discard, req.Body)
	}
}

var internalProblem = &Problem{
	Status: http.StatusInternalServerError, Title: "Internal error", Detail: "see the log of the service",
}

var unavailableProblem = &Problem{
	Status: http.StatusServiceUnavailable, Title: "Not available at the moment",
	Detail: "the database or another service is unavailable or does not answer in time; try again " +
		"(with the same Idempotency-Key an order is placed once)",
}

// ServeHTTP implements http.Handler. A request without a route gets a problem document, too.
func (r *Routes) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	// The mux would redirect //order with a page of HTML, so treat that path as unknown. Compare the escaped path, as the mux does:
	// an id may have // or end in /.
	escaped := req.URL.EscapedPath()
	_, pattern := r.mux.Handler(req)
	if err := r.guarded(pattern, w, req); err != nil {
		r.refuse(w, req, r.problem(req, err))
		return
	}
	if pattern != "" && path.Clean(escaped) == escaped {
		r.mux.ServeHTTP(w, req)
		return
	}
	// The mux finds out whether the path or only the method is wrong, and lists the allowed methods.
	refusal := &refusalWriter{header: http.Header{}}
	r.mux.ServeHTTP(refusal, req)
	problem := NotFound("no route for %.40s %.300s", req.Method, escaped)
	if refusal.status == http.StatusMethodNotAllowed {
		allow := refusal.header.Get("Allow")
		w.Header().Set("Allow", allow)
		problem = &Problem{
			Status: refusal.status, Title: "Method not allowed",
			Detail: fmt.Sprintf("%.40s is not allowed on %.300s; allowed: %s", req.Method, escaped, allow),
		}
	}
	r.refuse(w, req, problem)
}

// refusalWriter records the mux's answer to a request without a route.
type refusalWriter struct {
	header http.Header
	status int
}

func (w *refusalWriter) Header() http.Header         { return w.header }
func (w *refusalWriter) WriteHeader(status int)      { w.status = status }
func (w *refusalWriter) Write(b []byte) (int, error) { return len(b), nil }
