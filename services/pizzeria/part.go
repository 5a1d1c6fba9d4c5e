package pizzeria

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"traceria/services/broker"
	"traceria/services/broker/wire"
	"traceria/services/host"
	"traceria/telemetry"
)

// Part is a program that the system needs, with a check of its health.
type Part struct {
	Name, address string
	// Optional parts show more of the system. It works without them.
	Optional bool
	// check returns an error if the part is not healthy. remark says what is unusual although it is.
	check func(ctx context.Context) (remark string, err error)
}

// Parts returns every part of the system: the services, RabbitMQ, the Collector and Jaeger, and the optional ones, Prometheus
// and, where it has an address, Grafana.
func Parts(config host.Config) []Part {
	var all []Part
	for _, service := range All() {
		address, shown := config.URLs[service.Name], telemetry.Redacted(config.URLs[service.Name])
		if service.Name == "console" {
			shown = config.ConsolePublicURL
		}
		all = append(all, Part{Name: service.Name, address: shown, check: func(ctx context.Context) (string, error) {
			remark, err := Ready(ctx, address)
			if err == nil {
				remark = strings.Join(slices.DeleteFunc(append(starved(ctx, config, service.Name), remark), func(s string) bool { return s == "" }), "; ")
			}
			return remark, err
		}})
	}
	all = append(all,
		Part{Name: "rabbitmq", address: "amqp://" + wire.Address(config.AMQPURL), check: func(ctx context.Context) (string, error) {
			return deadLetters(ctx, config.AMQPURL)
		}},
		Part{Name: "collector", address: telemetry.Redacted(config.CollectorURL), check: func(ctx context.Context) (string, error) {
			return "", connects(ctx, config.CollectorURL)
		}},
		Part{Name: "jaeger", address: config.JaegerPublicURL, check: answeredBy(config.JaegerURL + "/api/v3/services")},
		Part{
			Name: "prometheus", address: telemetry.Redacted(config.PrometheusURL), Optional: true,
			check: answeredBy(config.PrometheusURL + "/-/ready"),
		})
	if config.GrafanaURL != "" {
		all = append(all, Part{
			Name: "grafana", address: telemetry.Redacted(config.GrafanaURL), Optional: true,
			check: answeredBy(config.GrafanaURL + "/api/health"),
		})
	}
	return all
}

// answeredBy returns a check that wants an answer of status 200.
func answeredBy(address string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) { return "", answers(ctx, address) }
}

// Health is the result of checking a part. Detail is the remark or the error.
type Health struct {
	Name     string `json:"name"`
	Healthy  bool   `json:"healthy"`
	Address  string `json:"address"`
	Detail   string `json:"detail,omitempty"`
	Optional bool   `json:"optional,omitempty"`
}

// Missed reports whether the system lacks the part.
func (h Health) Missed() bool { return !h.Healthy && !h.Optional }

// Look checks all parts at the same time. It takes at most 3 s.
func Look(ctx context.Context, wanted []Part) []Health {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	found := make([]Health, len(wanted))
	var group sync.WaitGroup
	for i, p := range wanted {
		group.Go(func() {
			remark, err := p.check(ctx)
			found[i] = Health{Name: p.Name, Healthy: err == nil, Address: p.address, Detail: remark, Optional: p.Optional}
			if err != nil {
				found[i].Detail = err.Error()
			}
		})
	}
	group.Wait()
	return found
}

// deadLetters connects to RabbitMQ and counts the dead letters.
func deadLetters(ctx context.Context, address string) (remark string, err error) {
	conn, err := wire.Dial(ctx, address, "traceria status")
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close() }()
	counts, err := broker.CountDead(conn, Known())
	if err != nil {
		return "", err
	}
	n := 0
	for _, count := range counts {
		n += count.Messages
	}
	if n == 0 {
		return "", nil
	}
	return fmt.Sprintf("dead letters: %d (traceria dead list)", n), nil
}

func answers(ctx context.Context, address string) error {
	code, _, err := Get(ctx, address)
	if err == nil && code != http.StatusOK {
		return fmt.Errorf("answers %d", code)
	}
	return err
}

// connects opens a TCP connection. An OTLP receiver cannot be checked further without sending it data.
func connects(ctx context.Context, address string) error {
	u, err := telemetry.ParseURL(address)
	if err != nil {
		return err
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", u.Host)
	if err != nil {
		return fmt.Errorf("does not answer: %w", err)
	}
	return conn.Close()
}

// checkTime bounds one check of all parts.
const checkTime = 3 * time.Second
