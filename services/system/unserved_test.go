package system

import (
	"strings"
	"testing"

	"traceria/services/system/systemtest"
)

func TestUnpublishedVersionIsReported(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		env  []string
		want string // in the error
	}{
		{[]string{"EVENT_VERSIONS=v2"}, "loyalty would never see an order: it takes OrderConfirmed v1"},
		{[]string{"EVENT_VERSIONS=v1"}, "kitchen would never see an order: it takes OrderConfirmed v2"},
		{[]string{"LOYALTY_ORDER_CONFIRMED=v3"}, "loyalty would never see an order: it takes OrderConfirmed v3"},
	} {
		_, err := new(systemtest.System).TraceriaWith(append(c.env, "AMQP_URL=amqp://guest:guest@127.0.0.1:1/"), "all")
		if systemtest.ExitCode(err) != 2 || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: all: %v", c.env, err)
		}
		_, err = new(systemtest.System).TraceriaWith(append(c.env, "AMQP_URL=amqp://guest:guest@127.0.0.1:1/"), "play")
		if systemtest.ExitCode(err) != 2 || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: play: %v", c.env, err)
		}
		// A single service only warns, because the others may have another configuration.
		service, _, _ := strings.Cut(c.want, " ")
		_, err = new(systemtest.System).TraceriaWith(append(c.env, "DATABASE_URL=sqlite:/dev/null/{service}.db"), service)
		if systemtest.ExitCode(err) != 1 || !strings.Contains(err.Error(), "warning: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %s: %v", c.env, service, err)
		}
		_, err = new(systemtest.System).TraceriaWith(append(c.env, "AMQP_URL=amqp://guest:guest@127.0.0.1:1/"), "topology", "apply")
		if systemtest.ExitCode(err) != 1 || !strings.Contains(err.Error(), "warning: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: topology apply: %v", c.env, err)
		}
	}
	for _, env := range [][]string{
		nil, {"EVENT_STYLE=sparse"}, {"EVENT_STYLE=sparse-callback"}, {"EVENT_VERSIONS=v2", "LOYALTY_ORDER_CONFIRMED=v1,v2"},
	} {
		_, err := new(systemtest.System).TraceriaWith(append(env, "AMQP_URL=amqp://guest:guest@127.0.0.1:1/"), "topology", "apply")
		if strings.Contains(err.Error(), "warning") {
			t.Errorf("%v: %v", env, err)
		}
	}
}

// `traceria status` asks the services, because their environment differs from its own.
func TestStatusReportsAnUnpublishedVersion(t *testing.T) {
	b := openBranch(t)
	if got := partRemark(t, b.System, "loyalty"); got != "" {
		t.Errorf("matching configuration: %q", got)
	}
	b.reopen(t, "order", "EVENT_VERSIONS=v2")
	const want = "it takes order.order-confirmed.v1, and order publishes order.order-confirmed.v2: it never sees one"
	if got := partRemark(t, b.System, "loyalty"); !strings.Contains(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := partRemark(t, b.System, "kitchen"); got != "" {
		t.Errorf("kitchen: %q", got)
	}
	b.reopen(t, "loyalty", "LOYALTY_ORDER_CONFIRMED=v1,v2")
	if got := partRemark(t, b.System, "loyalty"); got != "" {
		t.Errorf("after loyalty moved: %q", got)
	}
}
