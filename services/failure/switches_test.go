package failure_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel/baggage"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"traceria/services/failure"
	"traceria/telemetry"
)

func open(t testing.TB, f failure.File, shared bool) *failure.Switches {
	t.Helper()
	s, err := failure.Open(failure.Options{Service: "kitchen", File: f, Shared: shared, Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// within waits for at most one second, the promised delay of a change.
func within(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Second); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within a second: %s", what)
		}
	}
}

func is(s *failure.Switches, key failure.Key, want string) func() bool {
	return func() bool { got, _ := s.On(context.Background(), key); return got == want }
}

func TestWithoutSwitchesEveryKeyIsAtItsDefault(t *testing.T) {
	t.Parallel()
	for _, entry := range failure.Catalogue() {
		if variant, on := failure.On(context.Background(), entry.Key); on || variant != entry.Default() {
			t.Errorf("%s: %q, %v", entry.Key, variant, on)
		}
	}
}

func TestFileChangeActsWithinASecond(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	s := open(t, f, false)
	if _, err := f.Set(failure.KitchenSlow, failure.Setting{Variant: "10s"}); err != nil {
		t.Fatal(err)
	}
	within(t, "renamed into place", is(s, failure.KitchenSlow, "10s"))
	on, _ := os.ReadFile(f.Path)
	if err := f.Clear(); err != nil {
		t.Fatal(err)
	}
	within(t, "cleared", is(s, failure.KitchenSlow, failure.Off))
	off, _ := os.ReadFile(f.Path)
	if err := os.WriteFile(f.Path, on, 0o600); err != nil {
		t.Fatal(err)
	}
	within(t, "written in place", is(s, failure.KitchenSlow, "10s"))
	// An editor with backups renames the file and creates a new one.
	if err := os.Rename(f.Path, f.Path+"~"); err != nil {
		t.Fatal(err)
	}
	within(t, "the missing file is reported", func() bool { return s.Problem() != nil })
	if !is(s, failure.KitchenSlow, "10s")() {
		t.Error("a missing file lost the last valid state")
	}
	if err := os.WriteFile(f.Path, off, 0o600); err != nil {
		t.Fatal(err)
	}
	within(t, "created again", is(s, failure.KitchenSlow, failure.Off))
}

func TestBrokenFileKeepsTheLastValidState(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	if _, err := f.Set(failure.KitchenSlow, failure.Setting{}); err != nil {
		t.Fatal(err)
	}
	good, _ := os.ReadFile(f.Path)
	s := open(t, f, false)
	within(t, "on", is(s, failure.KitchenSlow, "2s"))
	if err := os.WriteFile(f.Path, []byte(`{"flags":`), 0o600); err != nil {
		t.Fatal(err)
	}
	within(t, "reported", func() bool { return s.Problem() != nil })
	if !is(s, failure.KitchenSlow, "2s")() {
		t.Error("the broken file lost the last valid state")
	}
	if err := os.WriteFile(f.Path, good, 0o600); err != nil {
		t.Fatal(err)
	}
	within(t, "good again", func() bool { return s.Problem() == nil })
}

func TestTargetsHitOnlyTheirOrders(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	if _, err := f.Set(failure.KitchenSlow, failure.Setting{Customer: "anna"}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Set(failure.KitchenError, failure.Setting{Percent: 30}); err != nil {
		t.Fatal(err)
	}
	s := open(t, f, false)
	anna := failure.WithCustomer(context.Background(), "anna")
	within(t, "the customer", func() bool { _, on := s.On(anna, failure.KitchenSlow); return on })
	bert := failure.WithCustomer(context.Background(), "bert")
	if _, on := s.On(bert, failure.KitchenSlow); on {
		t.Error("the failure hit another customer")
	}
	hit := 0
	for i := range 1000 {
		ctx := telemetry.WithConversation(context.Background(), fmt.Sprintf("order-%d", i))
		_, on := s.On(ctx, failure.KitchenError)
		if _, again := s.On(ctx, failure.KitchenError); again != on {
			t.Fatal("two evaluations for one order differ")
		}
		if on {
			hit++
		}
	}
	if hit < 240 || hit > 360 {
		t.Errorf("30%% hit %d of 1000 orders", hit)
	}
	if _, on := s.On(context.Background(), failure.KitchenError); on {
		t.Error("a percentage hit a request without an order")
	}
}

func TestHeaderOverridesTheFileAcrossHops(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	if _, err := f.Set(failure.KitchenError, failure.Setting{}); err != nil {
		t.Fatal(err)
	}
	s := open(t, f, false)
	within(t, "on", is(s, failure.KitchenError, "once"))
	ctx, err := failure.WithHeader(context.Background(), "kitchen.slow=10s, kitchen.error=off", "order.duplicate,trace.mode=link")
	if err != nil {
		t.Fatal(err)
	}
	hop := telemetry.Resume(context.Background(), telemetry.Carry(ctx))
	for key, want := range map[failure.Key]string{
		failure.KitchenSlow: "10s", failure.KitchenError: failure.Off, failure.OrderDuplicate: "on", failure.TraceMode: "link", failure.KitchenReject: failure.Off,
	} {
		if got, _ := s.On(hop, key); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	for _, wrong := range []string{"x", "kitchen.slow=1s", "loyalty.down", "kitchen.slow,kitchen.slow=10s"} {
		if _, err := failure.WithHeader(context.Background(), wrong); err == nil {
			t.Errorf("no error for %q", wrong)
		}
	}
}

func TestForeignBaggageSwitchesNothingForbidden(t *testing.T) {
	t.Parallel()
	s := open(t, newFile(t), false)
	member, err := baggage.NewMemberRaw("traceria.failure", "loyalty.down=on,kitchen.slow=99s,nonsense,=")
	if err != nil {
		t.Fatal(err)
	}
	bag, _ := baggage.New(member)
	ctx := baggage.ContextWithBaggage(context.Background(), bag)
	for _, entry := range failure.Catalogue() {
		if variant, on := s.On(ctx, entry.Key); on {
			t.Errorf("%s is %s", entry.Key, variant)
		}
	}
	cleared, _ := failure.WithHeader(ctx)
	if baggage.FromContext(cleared).Len() != 0 {
		t.Error("the caller's baggage is kept without the header")
	}
}

func TestCrashIsOffInASharedProcess(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	ctx, err := failure.WithHeader(context.Background(), "kitchen.crash")
	if err != nil {
		t.Fatal(err)
	}
	if _, on := open(t, f, false).On(ctx, failure.KitchenCrash); !on {
		t.Error("off in a process of its own")
	}
	if _, on := open(t, f, true).On(ctx, failure.KitchenCrash); on {
		t.Error("on in a shared process")
	}
	together := failure.NewContext(context.Background(), open(t, f, true))
	if _, err := failure.WithHeader(together, "kitchen.slow,kitchen.crash"); !errors.Is(err, failure.ErrTarget) {
		t.Errorf("shared process, header with a crash: %v", err)
	}
	if _, err := failure.WithHeader(together, "kitchen.slow,kitchen.crash=off"); err != nil {
		t.Error(err)
	}
}

func TestSpanIsMarkedOnlyWithActiveFailures(t *testing.T) {
	t.Parallel()
	s := open(t, newFile(t), false)
	spans := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	ctx, err := failure.WithHeader(context.Background(), "kitchen.slow")
	if err != nil {
		t.Fatal(err)
	}
	ctx, span := provider.Tracer("test").Start(ctx, "process")
	s.On(ctx, failure.KitchenError)
	s.On(ctx, failure.KitchenSlow)
	failure.Inject(ctx, failure.KitchenSlow)
	span.End()
	sufferer, span := provider.Tracer("test").Start(context.Background(), "suffers")
	failure.Suffer(sufferer, "nonsense,kitchen.slow")
	span.End()
	want := map[string]string{
		"feature_flag.key": "kitchen.slow", "feature_flag.result.variant": "2s", "traceria.failure": "kitchen.slow", "traceria.inject.kitchen.slow": "true", "traceria.injected": "true",
	}
	got := map[string]string{}
	for _, a := range spans.Ended()[0].Attributes() {
		got[string(a.Key)] = a.Value.String()
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if n := len(spans.Ended()[1].Attributes()); n != 3 {
		t.Errorf("the suffering span has %d attributes, want 3", n)
	}
}

// An inactive key costs no allocation after the first evaluation.
func TestInactiveKeyIsCached(t *testing.T) {
	ctx := failure.NewContext(telemetry.WithConversation(context.Background(), "order-1"), open(t, newFile(t), false))
	failure.On(ctx, failure.KitchenSlow)
	if n := testing.AllocsPerRun(100, func() { failure.On(ctx, failure.KitchenSlow) }); n > 0 {
		t.Errorf("%v allocations for a cached key", n)
	}
}

// BenchmarkOn measures one evaluation: without switches, key off, key on for everyone, and key with a rule.
func BenchmarkOn(b *testing.B) {
	f := failure.File{Path: b.TempDir() + "/flags.json"}
	for key, setting := range map[failure.Key]failure.Setting{failure.KitchenError: {Percent: 50}, failure.KitchenReject: {}} {
		if _, err := f.Set(key, setting); err != nil {
			b.Fatal(err)
		}
	}
	without := telemetry.WithConversation(context.Background(), "order-1")
	with := failure.NewContext(without, open(b, f, false))
	for _, way := range []struct {
		name string
		ctx  context.Context
		key  failure.Key
	}{{"without", without, failure.KitchenSlow}, {"off", with, failure.KitchenSlow}, {"on", with, failure.KitchenReject}, {"percent", with, failure.KitchenError}} {
		b.Run(way.name, func(b *testing.B) {
			for b.Loop() {
				failure.On(way.ctx, way.key)
			}
		})
	}
}
