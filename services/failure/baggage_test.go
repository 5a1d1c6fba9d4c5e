package failure_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/baggage"

	"traceria/services/failure"
	"traceria/telemetry"
)

// bagOf returns a context with a baggage of the caller: members, and bytes in all.
func bagOf(t *testing.T, members, bytes int) context.Context {
	t.Helper()
	parts := make([]string, members)
	for i := range parts {
		parts[i] = fmt.Sprintf("k%02d=v", i)
	}
	if left := bytes - len(strings.Join(parts, ",")); left > 0 {
		for i := 0; left > 0; i++ { // a value has at most 4096 bytes
			some := min(left, 4000)
			parts[i] += strings.Repeat("x", some)
			left -= some
		}
	}
	bag, err := baggage.Parse(strings.Join(parts, ","))
	if err != nil || bag.Len() != members || len(bag.String()) < bytes {
		t.Fatalf("%d members, %d bytes: %v", bag.Len(), len(bag.String()), err)
	}
	return baggage.ContextWithBaggage(context.Background(), bag)
}

// hop sends the baggage to the next service.
func hop(ctx context.Context) baggage.Baggage {
	return baggage.FromContext(telemetry.Resume(context.Background(), telemetry.Carry(ctx))) //nolint:contextcheck // the next service has a context of its own
}

// The limits of W3C Baggage are 8192 bytes and 64 members. The member for one order takes 34 bytes with its comma.
func TestAMemberOfOursIsRefusedAboveTheLimits(t *testing.T) {
	t.Parallel()
	const ours = len(",traceria.failure=kitchen.slow=10s")
	for _, c := range []struct {
		members, bytes int
		fits           bool
	}{
		{63, 0, true}, {64, 0, false}, {3, 8192 - ours - 1, true}, {3, 8192 - ours, true}, {3, 8192 - ours + 1, false}, {3, 8176, false}, {3, 8192, false}, {64, 8192, false},
	} {
		caller := bagOf(t, c.members, c.bytes)
		ctx, err := failure.WithHeader(caller, "kitchen.slow=10s")
		if (err == nil) != c.fits || err != nil && (!errors.Is(err, failure.ErrNoRoom) || !strings.Contains(err.Error(), "at most 64 members and 8192 bytes")) {
			t.Errorf("%d members, %d bytes: %v", c.members, c.bytes, err)
		}
		if got, want := hop(ctx).Len(), c.members; c.fits && got != want+1 || !c.fits && got != want {
			t.Errorf("%d members, %d bytes: %d members arrive", c.members, c.bytes, got)
		}
	}
}

// A customer in the caller's baggage is never taken for the order's, also if ours has no room.
func TestTheCallerCannotNameTheCustomer(t *testing.T) {
	t.Parallel()
	for _, bytes := range []int{100, 8170} {
		bag, err := baggage.FromContext(bagOf(t, 3, bytes-len(",traceria.customer=v"))).SetMember(member(t, "traceria.customer", "v"))
		if err != nil {
			t.Fatal(err)
		}
		there := hop(failure.WithCustomer(baggage.ContextWithBaggage(context.Background(), bag), strings.Repeat("c", 150)))
		if got := there.Member("traceria.customer").Value(); got == "v" || there.Member("k00").Key() == "" {
			t.Errorf("%d bytes: the customer is %q, %d members", bytes, got, there.Len())
		}
	}
}

func member(t *testing.T, key, value string) baggage.Member {
	t.Helper()
	m, err := baggage.NewMemberRaw(key, value)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Whatever the caller's baggage and our members are, the caller's members arrive at the next hop.
func TestTheCallersBaggageIsNeverLostForOurs(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(8192, 64))
	for range 500 {
		members := 1 + random.IntN(64)
		caller := bagOf(t, members, max(members*5, min(members*4000, 7900+random.IntN(293))))
		customer := strings.Repeat([]string{"a", "ü", "%", "🍕", ","}[random.IntN(5)], random.IntN(120))
		ctx := failure.WithCustomer(caller, customer)
		if random.IntN(2) == 0 {
			ctx, _ = failure.WithHeader(ctx, []string{"kitchen.slow=10s", "kitchen.error,order.duplicate,trace.mode=link"}[random.IntN(2)])
		}
		there := hop(ctx)
		for _, member := range baggage.FromContext(caller).Members() {
			if got := there.Member(member.Key()).Value(); got != member.Value() {
				t.Fatalf("%d members, customer %q: member %s has become %.20q", members, customer, member.Key(), got)
			}
		}
	}
}
