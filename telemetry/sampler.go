package telemetry

import (
	"os"
	"strconv"
	"strings"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// FollowLinks returns a sampler for traces that are linked, not parented, from hop to hop. A root span with a valid link is
// sampled if and only if the first linked span is. next decides about all other spans.
//
// Otherwise each hop would be sampled anew: with a ratio of 0.1 and four hops, one story in ten thousand would be complete.
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

// samplerFromEnvironment returns the sampler of OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG. [CheckEnvironment] has checked
// them. The SDK reads them only if it is given no sampler.
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
