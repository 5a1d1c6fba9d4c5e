package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"traceria/services/broker"
	"traceria/services/broker/wire"
	"traceria/services/host"
)

// part is something that must run, and how to see whether it does.
type part struct {
	name, address string
	// check fails when the part is not healthy. What it says of a healthy one is worth knowing all the same.
	check func(ctx context.Context) (remark string, err error)
}

// health is what status says about a part.
type health struct {
	Name    string `json:"name"`
	Healthy bool   `json:"healthy"`
	Address string `json:"address"`
	Detail  string `json:"detail,omitempty"`
}

type statusOptions struct {
	json, wait bool
	timeout    time.Duration
}

func newStatusCommand() *cobra.Command {
	var o statusOptions
	cmd := &cobra.Command{
		Use:     "status [PART...]",
		Short:   "Say of every part whether it is healthy, and its address",
		GroupID: groupTools,
		Long:    "Say of every part, or of those that are named, whether it is healthy, and its address.\nThe exit code is 1 when one is not.",
		RunE: func(cmd *cobra.Command, args []string) error {
			config, err := configuration()
			if err != nil {
				return err
			}
			wanted, err := choose(parts(config), args)
			if err != nil {
				return err
			}
			return status(cmd, wanted, o)
		},
	}
	cmd.Flags().BoolVar(&o.json, "json", false, "print one JSON document: a list of {name, healthy, address, detail}")
	cmd.Flags().BoolVar(&o.wait, "wait", false, "wait until all are healthy, and say so of each as it comes up")
	cmd.Flags().DurationVar(&o.timeout, "timeout", 5*time.Minute, "how long to wait with --wait")
	return cmd
}

// parts are what the system is made of.
func parts(config host.Config) []part {
	var all []part
	for _, service := range everything() {
		address := config.URLs[service.Name]
		all = append(all, part{service.Name, address, func(ctx context.Context) (string, error) {
			remark, err := ready(ctx, address)
			if err == nil {
				remark = strings.Join(slices.DeleteFunc(append(starved(ctx, config, service.Name), remark), func(s string) bool { return s == "" }), "; ")
			}
			return remark, err
		}})
	}
	return append(all,
		part{"rabbitmq", "amqp://" + wire.Address(config.AMQPURL), func(ctx context.Context) (string, error) {
			return deadLetters(ctx, config.AMQPURL)
		}},
		part{"collector", config.CollectorURL, func(ctx context.Context) (string, error) {
			return "", connects(ctx, config.CollectorURL)
		}},
		part{"jaeger", config.JaegerPublicURL, func(ctx context.Context) (string, error) {
			return "", answers(ctx, config.JaegerURL+"/api/v3/services")
		}})
}

func choose(all []part, names []string) ([]part, error) {
	if len(names) == 0 {
		return all, nil
	}
	var chosen []part
	for _, name := range names {
		i := slices.IndexFunc(all, func(p part) bool { return p.name == name })
		if i < 0 {
			known := make([]string, len(all))
			for j, p := range all {
				known[j] = p.name
			}
			return nil, usagef("there is no part %q; there are %s", name, strings.Join(known, ", "))
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

const (
	checkTime  = 3 * time.Second
	checkAgain = 300 * time.Millisecond
)

func status(cmd *cobra.Command, wanted []part, o statusOptions) error {
	ctx := cmd.Context()
	if o.wait {
		awaited, cancel := context.WithTimeout(ctx, o.timeout)
		defer cancel()
		ctx = awaited
	}
	told := map[string]bool{}
	for {
		found := look(cmd.Context(), wanted)
		sick := slices.ContainsFunc(found, func(h health) bool { return !h.Healthy })
		if o.wait && !o.json {
			for _, h := range found {
				if h.Healthy && !told[h.Name] {
					told[h.Name] = true
					printHealth(cmd, h)
				}
			}
		}
		if !o.wait || !sick || ctx.Err() != nil {
			return conclude(cmd, found, o, told)
		}
		select {
		case <-time.After(checkAgain):
		case <-ctx.Done():
		}
	}
}

// conclude prints what was not printed before and fails when a part is not healthy.
func conclude(cmd *cobra.Command, found []health, o statusOptions, told map[string]bool) error {
	if o.json {
		if err := printJSON(cmd, found); err != nil {
			return err
		}
	}
	var sick []string
	for _, h := range found {
		if !o.json && !told[h.Name] {
			printHealth(cmd, h)
		}
		if !h.Healthy {
			sick = append(sick, h.Name)
		}
	}
	if len(sick) > 0 {
		return fmt.Errorf("not healthy: %s", strings.Join(sick, ", "))
	}
	return nil
}

func printHealth(cmd *cobra.Command, h health) {
	word := "healthy"
	if !h.Healthy {
		word = "NOT healthy"
	}
	line := fmt.Sprintf("%-10s %-12s %s", h.Name, word, h.Address)
	if h.Detail != "" {
		line += "  " + strings.ReplaceAll(h.Detail, "\n", "; ") // what is joined from several errors has several lines
	}
	cmd.Println(line)
}

// look checks all parts at once.
func look(ctx context.Context, wanted []part) []health {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	found := make([]health, len(wanted))
	var group sync.WaitGroup
	for i, p := range wanted {
		group.Go(func() {
			remark, err := p.check(ctx)
			found[i] = health{Name: p.name, Healthy: err == nil, Address: p.address, Detail: remark}
			if err != nil {
				found[i].Detail = err.Error()
			}
		})
	}
	group.Wait()
	return found
}

// ready asks a service, which says itself what it waits for, and what stays in its outbox.
func ready(ctx context.Context, address string) (string, error) {
	code, body, err := get(ctx, address+"/readyz")
	if err != nil {
		return "", err
	}
	if code == http.StatusOK {
		return remark(body), nil
	}
	var problem host.Problem
	if json.Unmarshal(body, &problem) == nil && problem.Detail != "" {
		return "", fmt.Errorf("not ready: %s", problem.Detail)
	}
	return "", fmt.Errorf("answers %d", code)
}

// remark is what a service that is ready has to say all the same.
func remark(body []byte) string {
	var now host.Readiness
	if json.Unmarshal(body, &now) != nil {
		return ""
	}
	var remarks []string
	if now.Outbox != nil {
		if events := kept(*now.Outbox); len(events) > 0 {
			remarks = append(remarks, "events in its outbox: "+strings.Join(events, ", "))
		}
	}
	if now.Flags != "" {
		remarks = append(remarks, now.Flags)
	}
	return strings.Join(remarks, "; ")
}

// kept says how many events stay in an outbox, and why.
func kept(outbox host.Outbox) (remarks []string) {
	for _, kind := range []struct {
		n   int
		why string
	}{
		{outbox.Unroutable, "that no queue wants"},
		{outbox.Refused, "that RabbitMQ refused"},
		{outbox.Unreadable, "that cannot be read"},
	} {
		if kind.n > 0 {
			remarks = append(remarks, fmt.Sprintf("%d %s", kind.n, kind.why))
		}
	}
	return remarks
}

// deadLetters looks whether RabbitMQ is there, and how many dead letters it has.
func deadLetters(ctx context.Context, address string) (remark string, err error) {
	conn, err := wire.Dial(ctx, address, "traceria status")
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close() }()
	counts, err := broker.CountDead(conn, known())
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
	code, _, err := get(ctx, address)
	if err == nil && code != http.StatusOK {
		return fmt.Errorf("answers %d", code)
	}
	return err
}

func get(ctx context.Context, address string) (int, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil, fmt.Errorf("does not answer: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	return response.StatusCode, body, err
}

// connects is all that can be asked of an OTLP receiver without sending it something.
func connects(ctx context.Context, address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", u.Host)
	if err != nil {
		return fmt.Errorf("does not answer: %w", err)
	}
	return conn.Close()
}
