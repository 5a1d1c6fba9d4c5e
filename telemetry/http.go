package telemetry

import (
	"net/http"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/trace"
)

// TraceResponseHeader tells the caller in which trace its request was handled
// (W3C Trace Context Level 2, https://www.w3.org/TR/trace-context-2/#trace-context-http-response-headers-format).
const TraceResponseHeader = "traceresponse"

// Handler wraps next in a server span named "METHOD route" and answers with traceresponse. Health checks
// (/healthz, /readyz) make no span: they belong to nobody's conversation and would bury the rest.
func (t *Telemetry) Handler(next http.Handler) http.Handler {
	return otelhttp.NewHandler(traceResponse(next), "",
		otelhttp.WithTracerProvider(t.TracerProvider),
		otelhttp.WithMeterProvider(t.MeterProvider),
		otelhttp.WithPropagators(t.Propagator),
		otelhttp.WithFilter(func(r *http.Request) bool {
			return r.URL.Path != "/healthz" && r.URL.Path != "/readyz"
		}))
}

// Transport makes a client span for each request and sends the trace context along.
func (t *Telemetry) Transport(base http.RoundTripper) http.RoundTripper {
	return otelhttp.NewTransport(base,
		otelhttp.WithTracerProvider(t.TracerProvider),
		otelhttp.WithMeterProvider(t.MeterProvider),
		otelhttp.WithPropagators(t.Propagator))
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
