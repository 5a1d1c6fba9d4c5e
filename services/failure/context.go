package failure

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/open-feature/go-sdk/openfeature"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/trace"

	"traceria/telemetry"
)

// Header is the HTTP header that switches failures on for one order: key[=variant][, key…].
const Header = "X-Traceria-Failure"

// The baggage members carry an order's own failures and its customer across every hop.
const (
	orderMember    = "traceria.failure"
	customerMember = "traceria.customer"
)

type (
	switchesKey struct{}
	attemptKey  struct{}
)

// NewContext returns a context in which [On] evaluates s.
func NewContext(ctx context.Context, s *Switches) context.Context {
	return context.WithValue(ctx, switchesKey{}, s)
}

// FromContext returns the switches of [NewContext], or nil, which has every key off.
func FromContext(ctx context.Context) *Switches {
	s, _ := ctx.Value(switchesKey{}).(*Switches)
	return s
}

// On calls [Switches.On] of the switches in ctx.
func On(ctx context.Context, key Key) (variant string, on bool) {
	return FromContext(ctx).On(ctx, key)
}

// WithAttempt stores the number of the attempt at a message in ctx, starting at 1. Rules may read it.
func WithAttempt(ctx context.Context, attempt int) context.Context {
	return context.WithValue(ctx, attemptKey{}, attempt)
}

// OmittedKey names a member that the baggage has no room for.
const OmittedKey = attribute.Key("traceria.baggage.omitted")

// WithCustomer stores the customer of the order in the baggage, so that it reaches every later hop. If the baggage of the
// caller leaves no room, the current span says so in [OmittedKey], and failures for this customer stay off.
func WithCustomer(ctx context.Context, customer string) context.Context {
	ctx = baggage.ContextWithBaggage(ctx, baggage.FromContext(ctx).DeleteMember(customerMember)) // another customer of the caller
	with, err := withMember(ctx, customerMember, customer)
	if err != nil {
		trace.SpanFromContext(ctx).SetAttributes(OmittedKey.String(customerMember))
	}
	return with
}

// WithHeader switches on the failures of [Header] for the order in ctx, at this and every later hop. It drops the same
// baggage of the caller. The error wraps [ErrUnknownKey], [ErrUnknownVariant], [ErrTarget] or [ErrNoRoom] and is the caller's
// fault.
func WithHeader(ctx context.Context, values ...string) (context.Context, error) {
	ctx = baggage.ContextWithBaggage(ctx, baggage.FromContext(ctx).DeleteMember(orderMember))
	var chosen []string
	seen := map[Key]bool{}
	for part := range strings.SplitSeq(strings.Join(values, ","), ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		name, variant, _ := strings.Cut(part, "=")
		entry, err := Lookup(Key(strings.TrimSpace(name)))
		if err != nil {
			return ctx, err
		}
		if variant, err = entry.Choose(strings.TrimSpace(variant)); err != nil {
			return ctx, err
		}
		if !entry.Allows(Order) {
			return ctx, fmt.Errorf("%w: %s can be set for %s, not for one order", ErrTarget, entry.Key, entry.TargetNames())
		}
		if err := FromContext(ctx).Refuse(entry, variant); err != nil {
			return ctx, err
		}
		if seen[entry.Key] {
			return ctx, fmt.Errorf("%w: %s is given twice", ErrTarget, entry.Key)
		}
		seen[entry.Key] = true
		chosen = append(chosen, string(entry.Key)+"="+variant)
	}
	if len(chosen) == 0 {
		return ctx, nil
	}
	return withMember(ctx, orderMember, strings.Join(chosen, ","))
}

// ErrNoRoom is returned if the baggage of the caller leaves no room for a member of ours. A baggage over the limits would be
// dropped as a whole at the next hop, with the members of the caller.
var ErrNoRoom = errors.New("the baggage has no room for it")

// The limits of a baggage that every platform must propagate (https://www.w3.org/TR/baggage/#limits).
const (
	mostMembers = 64
	mostBytes   = 8192
)

// withMember adds a member to the baggage if it fits.
func withMember(ctx context.Context, name, value string) (context.Context, error) {
	member, err := baggage.NewMemberRaw(name, value)
	if err != nil {
		return ctx, fmt.Errorf("baggage %s: %w", name, err)
	}
	bag, err := baggage.FromContext(ctx).SetMember(member)
	if err != nil {
		return ctx, fmt.Errorf("baggage %s: %w", name, err)
	}
	if size := len(bag.String()); bag.Len() > mostMembers || size > mostBytes {
		return ctx, fmt.Errorf("%w: with the member %s it has %d members and %d bytes, and at most %d members and %d bytes are allowed",
			ErrNoRoom, name, bag.Len(), size, mostMembers, mostBytes)
	}
	return baggage.ContextWithBaggage(ctx, bag), nil
}

// fromHeader returns the order's own variant of key. It ignores forbidden values, because the baggage may come from
// outside.
func fromHeader(ctx context.Context, key Key) (variant string, chosen bool) {
	bag := baggage.FromContext(ctx)
	if bag.Len() == 0 { // the usual case
		return "", false
	}
	value := bag.Member(orderMember).Value()
	for part := range strings.SplitSeq(value, ",") {
		name, variant, _ := strings.Cut(part, "=")
		entry := byKey[key]
		if name != string(key) || variant == "" || !entry.Allows(Order) {
			continue
		}
		if _, err := entry.Choose(variant); err == nil {
			return variant, true
		}
	}
	return "", false
}

// about returns the evaluation context: the values that a rule of a flag may read.
func about(ctx context.Context, service string) openfeature.EvaluationContext {
	bag := baggage.FromContext(ctx)
	order := telemetry.Conversation(ctx)
	if span := trace.SpanContextFromContext(ctx); order == "" && span.HasTraceID() {
		order = span.TraceID().String() // a request before its order has an id
	}
	facts := map[string]any{"service": service, "order": order, "customer": bag.Member(customerMember).Value()}
	if attempt, ok := ctx.Value(attemptKey{}).(int); ok {
		facts["attempt"] = attempt
	}
	facts["baggage"] = members(bag)
	return openfeature.NewEvaluationContext(order, facts)
}
