package telemetry

import (
	"os"
	"strconv"
	"strings"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// FollowLinks is a sampler for systems in which a message's process span may begin a trace of its own that only
// links to its producer. Such a root has no parent whose decision it could follow, and a sampler that tosses
// again for each hop keeps stories with holes: with a ratio of 0.1 and four hops, one in ten thousand is whole.
//
// A span without a parent follows the first valid link: it is sampled if and only if the linked span is.
// Every other span is left to next.
func FollowLinks(next sdktrace.Sampler) sdktrace.Sampler { return followLinks{next} }

type followLinks struct{ next sdktrace.Sampler }

// ShouldSample implements the SDK's Sampler.
func (s followLinks) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	if trace.SpanContextFromContext(p.ParentContext).IsValid() {
		return s.next.ShouldSample(p)
	}
	for _, link := range p.Links {
		if !link.SpanContext.IsValid() {
			continue
		}
		result := sdktrace.SamplingResult{Decision: sdktrace.Drop, Tracestate: link.SpanContext.TraceState()}
		if link.SpanContext.IsSampled() {
			result.Decision = sdktrace.RecordAndSample
		}
		return result
	}
	return s.next.ShouldSample(p)
}

// Description implements the SDK's Sampler.
func (s followLinks) Description() string { return "FollowLinks{" + s.next.Description() + "}" }

// samplerFromEnvironment reads OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG, which [CheckEnvironment] has
// checked; the SDK reads them only when it is given no sampler.
func samplerFromEnvironment() sdktrace.Sampler {
	ratio, err := strconv.ParseFloat(os.Getenv("OTEL_TRACES_SAMPLER_ARG"), 64)
	if err != nil {
		ratio = 1
	}
	switch strings.ToLower(os.Getenv("OTEL_TRACES_SAMPLER")) {
	case "always_on":
		return sdktrace.AlwaysSample()
	case "always_off":
		return sdktrace.NeverSample()
	case "traceidratio":
		return sdktrace.TraceIDRatioBased(ratio)
	case "parentbased_always_off":
		return sdktrace.ParentBased(sdktrace.NeverSample())
	case "parentbased_traceidratio":
		return sdktrace.ParentBased(sdktrace.TraceIDRatioBased(ratio))
	default: // parentbased_always_on, the specification's default
		return sdktrace.ParentBased(sdktrace.AlwaysSample())
	}
}
