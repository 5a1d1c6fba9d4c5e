package failure_test

import (
	"context"
	"testing"

	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel/attribute"

	"traceria/services/failure"
	"traceria/telemetry/telemetrytest"
)

func TestSettingsAndInjectionsAreMeasured(t *testing.T) {
	t.Parallel()
	f, metrics := newFile(t), telemetrytest.New(t)
	s, err := failure.Open(failure.Options{Service: "kitchen", File: f, Log: zerolog.Nop(), Meters: metrics})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	slow := failure.FailureKey.String(string(failure.KitchenSlow))
	active := func(variant string) func() bool {
		return func() bool {
			return metrics.Sum("traceria.failure.active", slow, attribute.String("traceria.failure.variant", variant)) == 1
		}
	}
	if all := metrics.Points("traceria.failure.active"); len(all) != 0 {
		t.Errorf("without a setting there are %v", all)
	}
	set := func(key failure.Key, to failure.Setting) {
		t.Helper()
		if _, err := f.Set(key, to); err != nil {
			t.Fatal(err)
		}
	}
	set(failure.KitchenSlow, failure.Setting{Variant: "2s", Percent: 50})
	within(t, "the share is shown", active("2s"))
	set(failure.KitchenSlow, failure.Setting{Variant: "10s", Customer: "c-1"})
	within(t, "the other variant is shown", active("10s"))
	if active("2s")() {
		t.Error("the variant that was set before is still active")
	}
	set(failure.KitchenSlow, failure.Setting{Variant: "10s", Unmarked: true})
	within(t, "a setting without marks is hidden", func() bool { return metrics.Sum("traceria.failure.active") == 0 })

	ctx := failure.NewContext(context.Background(), s)
	within(t, "the setting acts", is(s, failure.KitchenSlow, "10s"))
	failure.Inject(ctx, failure.KitchenSlow)
	failure.Inject(ctx, failure.KitchenError)
	if n := metrics.Sum("traceria.failure.injected", slow); n != 0 {
		t.Errorf("%v injections of a failure without marks, want none", n)
	}
	if n := metrics.Sum("traceria.failure.injected"); n != 1 {
		t.Errorf("%v injections, want 1", n)
	}
}

// What a flagd server did not answer is not known: the next collection asks again.
func TestSettingsAreMeasuredAfterASilence(t *testing.T) {
	flags, port, server := newFile(t), freePort(t), &standIn{}
	t.Setenv("FLAGD_RESOLVER", "rpc")
	t.Setenv("FLAGD_HOST", "127.0.0.1")
	t.Setenv("FLAGD_PORT", port)
	server.start(t, "127.0.0.1:"+port, flags)
	defer server.stop(t)
	metrics := telemetrytest.New(t)
	s, err := failure.Open(failure.Options{Service: "kitchen", Log: zerolog.Nop(), Meters: metrics})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	set := func(to failure.Setting) {
		t.Helper()
		if _, err := flags.Set(failure.KitchenSlow, to); err != nil {
			t.Fatal(err)
		}
	}
	set(failure.Setting{Variant: "10s"})
	soon(t, "the switches found the server", is(s, failure.KitchenSlow, "10s"))
	server.freeze(t, true)
	before := s.Changes()
	set(failure.Setting{Variant: "2s"})
	soon(t, "the change is noticed", func() bool { return s.Changes() > before })
	metrics.Points("traceria.failure.active")
	server.freeze(t, false)
	soon(t, "the setting is shown", func() bool { return metrics.Sum("traceria.failure.active") == 1 })
}
