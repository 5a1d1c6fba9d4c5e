package bench

import (
	"testing"
	"time"

	"traceria/services/failure"
	"traceria/services/order/orderclient"
	"traceria/services/system/systemtest"
)

// setup is an environment of the services.
type setup struct {
	name     string
	env      []string // of every service
	switches map[failure.Key]string
	kitchens int // more than the one that each pizzeria has
	port     int // of a PostgreSQL whose CPU time counts, or 0
}

// site is the five services with an environment of its own, in the world that all share.
type site struct {
	*systemtest.Pizzeria
	setup
	more   map[string]*systemtest.Supervised // more kitchens
	orders *orderclient.Client
}

// open starts the services. They end with the test t.
func (b *bench) open(t *testing.T, s setup) *site {
	t.Helper()
	opened := &site{setup: s, more: map[string]*systemtest.Supervised{}}
	opened.Pizzeria = b.Open(t, func(t *testing.T, p *systemtest.Pizzeria) {
		t.Helper()
		for name := range b.Addresses {
			p.More[name] = s.env
		}
		file := failure.File{Path: p.Data + "/flags.json"}
		for key, variant := range s.switches {
			if _, err := file.Set(key, failure.Setting{Variant: variant}); err != nil {
				t.Fatal(err)
			}
		}
	})
	opened.hire(t)
	var done func()
	opened.orders, done = orderclient.NewWithConnections("http://"+b.Addresses["order"], inFlight)
	t.Cleanup(done)
	opened.warmUp(t)
	return opened
}

// hire starts more kitchens.
func (s *site) hire(t *testing.T) {
	t.Helper()
	for i := range s.kitchens {
		address := systemtest.FreeAddress(t)
		k := systemtest.Supervise("kitchen", s.Environment(t, "kitchen", "HTTP_ADDR="+address))
		s.more[kitchenName(i)] = k
		t.Cleanup(func() {
			if err := k.Stop(); err != nil {
				t.Error(err)
			}
		})
		systemtest.AwaitReady(t, kitchenName(i), address)
	}
}

func kitchenName(i int) string { return "kitchen " + string(rune('2'+i)) }

// warmUp opens every connection and fills the caches of statements.
func (s *site) warmUp(t *testing.T) {
	t.Helper()
	s.load(t, ask{rate: 10, over: time.Second}, nil)
}
