package telemetry

import (
	"net/http"
	"slices"
	"strings"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/trace"
)

// TraceResponseHeader is the response header with the trace that handled the request
// (W3C Trace Context Level 2, https://www.w3.org/TR/trace-context-2/#trace-context-http-response-headers-format).
const TraceResponseHeader = "traceresponse"

// Handler wraps next in a server span named "METHOD route" and sets the traceresponse header. Health checks (/healthz,
// /readyz) make no span: they belong to no conversation and would hide the other spans. Requests for which one of spanless
// is true make none either: a program that takes in spans would feed itself with those of its own intake.
func (t *Telemetry) Handler(next http.Handler, spanless ...func(*http.Request) bool) http.Handler {
	return otelhttp.NewHandler(traceResponse(noteBaggage(next)), "",
		otelhttp.WithTracerProvider(t.TracerProvider),
		otelhttp.WithMeterProvider(t.MeterProvider),
		otelhttp.WithPropagators(t.Propagator),
		otelhttp.WithFilter(func(r *http.Request) bool {
			health := r.URL.Path == "/healthz" || r.URL.Path == "/readyz"
			return !health && !slices.ContainsFunc(spanless, func(is func(*http.Request) bool) bool { return is(r) })
		}))
}

// Transport wraps base in a client span for each request and sends the trace context in the headers.
func (t *Telemetry) Transport(base http.RoundTripper) http.RoundTripper {
	return otelhttp.NewTransport(base,
		otelhttp.WithTracerProvider(t.TracerProvider),
		otelhttp.WithMeterProvider(t.MeterProvider),
		otelhttp.WithPropagators(t.Propagator))
}

// noteBaggage calls [NoteBaggage] for the headers of a request.
func noteBaggage(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if values := r.Header.Values("baggage"); len(values) > 0 {
			NoteBaggage(r.Context(), strings.Join(values, ","))
		}
		next.ServeHTTP(w, r)
	})
}

func traceResponse(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if sc := trace.SpanContextFromContext(r.Context()); sc.IsValid() {
			w.Header().Set(TraceResponseHeader,
				"00-"+sc.TraceID().String()+"-"+sc.SpanID().String()+"-"+sc.TraceFlags().String())
		}
		next.ServeHTTP(w, r)
	})
}
