// Package console is the web page of the system and its API: it takes the spans of a Collector, shows journeys while they happen,
// places orders and switches failures. It imports no other service: package pizzeria hands it a [System]. Without one it is a viewer
// for the spans of any Collector. It needs neither a broker nor a database.
package console

import (
	"context"
	"slices"
	"strings"
	"sync"

	"traceria/services/broker"
	"traceria/services/console/journeys"
	"traceria/services/host"
	"traceria/telemetry/tracetree"
)

// Name is the service's name.
const Name = "console"

// Service describes the console. system returns the parts of the system that this console can reach. Nil means none.
func Service(system func(*host.Host) System) host.Service {
	return host.Service{
		Name: Name, Title: "serves the web page: journeys, failures, queues", Stateless: true,
		Check: func(env *host.Env) { readSettings(env) },
		New: func(h *host.Host) (host.App, error) {
			var s System
			if system != nil {
				s = system(h)
			}
			return newConsole(h, s)
		},
	}
}

type console struct {
	*host.Host
	system   System
	settings settings
	names    names
	store    *journeys.Store
	page     *site
	switches *switchLog
	load     *load
	stream   *hub
	heavy    places  // to fold many spans
	wide     places  // to read the spans of many journeys: one at a time
	stories  places  // to hold the spans of a journey
	files    places  // to send a file
	lastMap  mapText // of the request that had the place of wide last
}

func newConsole(h *host.Host, system System) (*console, error) {
	c := &console{
		Host: h, system: system, settings: readSettings(h.Env), switches: &switchLog{}, heavy: make(places, heavyRequests),
		wide: make(places, 1), stories: make(places, openStories), files: make(places, openFiles),
	}
	c.names = newNames(c.settings.hosts, h.Config.URLs[Name], h.Config.ConsolePublicURL)
	c.store = journeys.New(journeys.Options{Limit: c.settings.memory, StuckAfter: stuckAfter, Routing: system.Routing, Command: isCommand})
	c.load = newLoad(c)
	c.stream = newHub(c)
	var err error
	c.page, err = embeddedSite()
	return c, err
}

// isCommand reports whether a journey is a command to the console alone, such as setting a switch. Placing an order is not one:
// the order service has spans of it, too.
func isCommand(row *journeys.Row) bool {
	return slices.Equal(row.Services, []string{Name}) && strings.Contains(row.Root, " /api/")
}

// Work implements host.Worker: it runs what goes on beside requests.
func (c *console) Work(ctx context.Context) {
	var group sync.WaitGroup
	group.Go(func() { c.watchSwitches(ctx) })
	group.Go(func() { c.load.work(ctx) })
	c.stream.work(ctx, &group)
	if c.system.Work != nil {
		group.Go(func() { c.system.Work(ctx) })
	}
	group.Wait()
	c.store.Close()
}

// Subscriptions implements host.App. The console consumes no events.
func (*console) Subscriptions() []broker.Subscription { return nil }

// routing is what spans do not say about the broker.
func (c *console) routing() tracetree.Routing {
	if c.system.Routing == nil {
		return tracetree.Routing{}
	}
	return c.system.Routing()
}
