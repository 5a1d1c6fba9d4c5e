// Package playground lends a place on a broker that no other program uses: a virtual host of its own, which it removes
// afterwards.
package playground

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	rabbithole "github.com/michaelklishin/rabbit-hole/v3"

	"traceria/services/broker"
	"traceria/services/broker/wire"
	"traceria/services/topology"
	"traceria/services/wait"
	"traceria/telemetry"
)

// Borrow returns the AMQP URL of an unused virtual host, and a function that returns it.
//
// It makes a virtual host if the management API allows that. Otherwise it takes the virtual host of amqpURL, if the queues
// of known are missing, or empty and without consumers: a system that works there would lose events, which is an error.
//
// Borrow also removes the virtual hosts of borrowers that were killed. It calls warn with what cannot be removed.
func Borrow(ctx context.Context, amqpURL, managementURL string, known topology.Topology, warn func(error)) (string, func(), error) {
	borrowed, back, err := ownVirtualHost(ctx, amqpURL, managementURL, warn)
	if err == nil {
		return borrowed, back, nil
	}
	if busy := busy(ctx, amqpURL, known); busy != nil {
		return "", nil, busy
	}
	return amqpURL, func() {}, nil
}

func ownVirtualHost(ctx context.Context, amqpURL, managementURL string, warn func(error)) (string, func(), error) {
	uri, err := telemetry.ParseURL(amqpURL)
	if err != nil {
		return "", nil, err
	}
	client, err := managementClient(managementURL)
	if err != nil {
		return "", nil, err
	}
	// The process id alone is not unique: it is always the same in a container.
	name := playgroundPrefix + strconv.Itoa(os.Getpid()) + "-" + strings.ToLower(rand.Text()[:8])
	if err := answered(func() (*http.Response, error) {
		return client.PutVhost(name, rabbithole.VhostSettings{Description: describePlayground()})
	}); err != nil {
		return "", nil, err
	}
	back := func() {
		if err := remove(context.WithoutCancel(ctx), client, name); err != nil {
			warn(fmt.Errorf("remove the virtual host %s (the next traceria play tries again): %w", name, err))
		}
	}
	if err := removeStale(ctx, client, time.Now()); err != nil {
		warn(fmt.Errorf("remove the virtual hosts of earlier runs of traceria play: %w", err))
	}
	if err := answered(func() (*http.Response, error) {
		return client.UpdatePermissionsIn(name, uri.User.Username(),
			rabbithole.Permissions{Configure: ".*", Write: ".*", Read: ".*"})
	}); err != nil {
		back()
		return "", nil, err
	}
	uri.Path = "/" + name
	conn, err := wire.Dial(ctx, uri.String(), "traceria play") // the management API may be that of another broker
	if err != nil {
		back()
		return "", nil, err
	}
	return uri.String(), back, conn.Close()
}

// managementClient is a client of the management API. The URL may contain a user.
func managementClient(managementURL string) (*rabbithole.Client, error) {
	api, err := telemetry.ParseURL(managementURL)
	if err != nil {
		return nil, err
	}
	password, _ := api.User.Password()
	bare := *api
	bare.User = nil
	client, err := rabbithole.NewClient(strings.TrimSuffix(bare.String(), "/"), api.User.Username(), password)
	if err != nil {
		return nil, err
	}
	client.SetTimeout(wire.DialTimeout)
	return client, nil
}

// answered makes a call and returns an error for a status of 400 or more, as the client itself does for most calls.
func answered(call func() (*http.Response, error)) error {
	response, err := call()
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode >= http.StatusBadRequest {
		return rabbithole.ErrorResponse{StatusCode: response.StatusCode, Message: response.Status}
	}
	return nil
}

// remove deletes a virtual host. It tries for about three seconds: a broker that is busy or starts refuses for a moment.
func remove(ctx context.Context, client *rabbithole.Client, name string) error {
	const tries = 5
	pause := 200 * time.Millisecond
	for try := 1; ; try++ {
		err := answered(func() (*http.Response, error) { return client.DeleteVhost(name) })
		switch {
		case err == nil, gone(err):
			return nil
		case try == tries:
			return err
		}
		_ = wait.For(ctx, pause)
		pause *= 2
	}
}

// gone reports whether the virtual host does not exist.
func gone(err error) bool {
	var refused rabbithole.ErrorResponse
	return errors.As(err, &refused) && refused.StatusCode == http.StatusNotFound
}

const (
	playgroundPrefix  = "traceria-play-"
	playgroundMadeBy  = "made by traceria play"
	playgroundRemoved = ", which removes it"
	// staleAfter is longer than a borrower lives: traceria play ends after a minute. It decides about other machines.
	staleAfter = 10 * time.Minute
)

// describePlayground is the description of a virtual host, from which a later borrower learns its owner.
func describePlayground() string {
	name, err := os.Hostname()
	if err != nil {
		name = "an unknown host" // not the name of a host: staleAfter decides
	}
	return playgroundMadeBy + " on " + name + " at " + time.Now().UTC().Format(time.RFC3339) + playgroundRemoved
}

// removeStale removes the virtual hosts of borrowers that have ended.
func removeStale(ctx context.Context, client *rabbithole.Client, now time.Time) error {
	hosts, err := client.ListVhosts()
	if err != nil {
		return err
	}
	var failures error
	for _, host := range hosts {
		if !abandoned(host.Name, host.Description, now) {
			continue
		}
		connections, err := client.ListVhostConnections(host.Name)
		switch {
		case gone(err): // another borrower removed it
		case err != nil:
			failures = errors.Join(failures, fmt.Errorf("look at the virtual host %s: %w", host.Name, err))
		case len(connections) == 0:
			if err := remove(ctx, client, host.Name); err != nil {
				failures = errors.Join(failures, fmt.Errorf("remove the virtual host %s: %w", host.Name, err))
			}
		}
	}
	return failures
}

// abandoned reports whether the borrower of a virtual host has ended: its process on this machine does not run, or the
// virtual host is older than staleAfter.
func abandoned(name, description string, now time.Time) bool {
	rest, ours := strings.CutPrefix(name, playgroundPrefix)
	made, described := strings.CutPrefix(description, playgroundMadeBy+" on ")
	made, _ = strings.CutSuffix(made, playgroundRemoved)
	host, at, dated := strings.Cut(made, " at ")
	if !ours || !described || !dated {
		return false
	}
	since, err := time.Parse(time.RFC3339, at)
	if err != nil || now.Sub(since) > staleAfter {
		return true
	}
	here, err := os.Hostname()
	if err != nil || host != here {
		return false
	}
	pid, _, _ := strings.Cut(rest, "-")
	id, err := strconv.Atoi(pid)
	return err == nil && !alive(id)
}

// alive reports whether a process of this machine runs. It is true when that is unknown.
func alive(pid int) bool {
	process, err := os.FindProcess(pid)
	if err != nil {
		return true
	}
	err = process.Signal(syscall.Signal(0)) // it is not delivered, and fails if there is no process
	return !errors.Is(err, os.ErrProcessDone) && !errors.Is(err, syscall.ESRCH)
}

// busy returns an error if one of the queues is in use, or the broker does not answer.
func busy(ctx context.Context, amqpURL string, known topology.Topology) error {
	conn, err := wire.Dial(ctx, amqpURL, "traceria play")
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	for _, s := range known.Subscriptions {
		used, err := broker.InUse(conn, s.Queue())
		if err != nil {
			return err
		}
		if used {
			return fmt.Errorf("queue %s at %s has consumers or messages: a pizzeria works there already, and would lose events. "+
				"Use traceria buy --wait and traceria trace instead, or let the management API make a virtual host (RABBITMQ_MANAGEMENT_URL)",
				s.Queue(), wire.Address(amqpURL))
		}
	}
	return nil
}
