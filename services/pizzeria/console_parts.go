package pizzeria

import (
	"context"
	"maps"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"time"

	"traceria/services/broker/management"
	"traceria/services/broker/wire"
	"traceria/services/console"
	"traceria/services/host"
)

const (
	// partsFresh is how long a look at the parts is used again.
	partsFresh = 2 * time.Second
	// versionsFresh is the same for versions.
	versionsFresh = 20 * time.Second
)

// parts looks at every part of the system for the console. A part that is away is a line.
type parts struct {
	config host.Config
	api    *management.Client

	mu   sync.Mutex
	at   time.Time
	last console.Parts

	versions  map[string]string
	versioned time.Time
}

// newParts returns the parts of the console that runs on h.
func newParts(h *host.Host) *parts {
	return &parts{config: h.Config, api: management.New(h.Config.ManagementURL, h.Config.AMQPURL)}
}

// Work waits for the end of ctx and closes the connections.
func (p *parts) Work(ctx context.Context) {
	<-ctx.Done()
	p.api.Close()
}

// Look is System.Parts. All readers share a look of the last two seconds.
func (p *parts) Look(ctx context.Context) console.Parts {
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Since(p.at) < partsFresh {
		return p.last
	}
	// A reader that goes away must not spoil the look of the others.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkTime)
	defer cancel()
	var group sync.WaitGroup
	now := console.Parts{}
	group.Go(func() { now.Versions = p.versionsNow(ctx) })
	var watcher console.Part
	group.Go(func() { now.Topology, watcher = p.topology(ctx) })
	for _, h := range Look(ctx, Parts(p.config)) {
		if h.Healthy || !h.Optional {
			now.Parts = append(now.Parts, console.Part{Name: h.Name, Healthy: h.Healthy, Address: h.Address, Detail: h.Detail})
		}
	}
	group.Wait()
	now.Parts = append(now.Parts, watcher)
	p.at, p.last = time.Now(), now
	return now
}

// topology says what the broker lacks, and whether something restores it.
func (p *parts) topology(ctx context.Context) (console.TopologySummary, console.Part) {
	part := console.Part{Name: "topology", Address: "amqp://" + wire.Address(p.config.AMQPURL)}
	summary, watched, err := summarize(ctx, p.api, presentTopology(ctx, p.config))
	switch {
	case err != nil:
		part.Detail = "not known: " + err.Error()
	case !watched:
		part.Detail = "traceria topology apply --watch does not run: what is deleted from the broker is not restored"
	default:
		part.Healthy = true
	}
	return summary, part
}

// versionsNow returns the versions that are known. One that is not is left out.
func (p *parts) versionsNow(ctx context.Context) map[string]string {
	if time.Since(p.versioned) < versionsFresh {
		return p.versions
	}
	var rabbitMQ, jaeger string
	var group sync.WaitGroup
	group.Go(func() { rabbitMQ = p.rabbitMQVersion(ctx) })
	group.Go(func() { jaeger = p.jaegerVersion(ctx) })
	group.Wait()
	p.versions = map[string]string{
		"traceria": Version(), "go": strings.TrimPrefix(runtime.Version(), "go"), "rabbitmq": rabbitMQ, "jaeger": jaeger,
	}
	maps.DeleteFunc(p.versions, func(_, version string) bool { return version == "" })
	p.versioned = time.Now()
	return p.versions
}

func (p *parts) rabbitMQVersion(ctx context.Context) string {
	var overview struct {
		Version string `json:"rabbitmq_version"`
	}
	_ = p.api.Get(ctx, "overview?columns=rabbitmq_version", &overview) // the part says why it does not answer
	return overview.Version
}

func (p *parts) jaegerVersion(ctx context.Context) string {
	_, page, err := Get(ctx, p.config.JaegerURL+"/")
	if found := jaegerVersion.FindSubmatch(page); err == nil && found != nil {
		return string(found[1])
	}
	return ""
}

// jaegerVersion finds the version in Jaeger's page. Its API does not tell it, and a Jaeger that was built without its pages has none.
var jaegerVersion = regexp.MustCompile(`JAEGER_VERSION\s*=\s*\{[^}]*"gitVersion"\s*:\s*"v?([0-9][^"]{0,40})"`)
