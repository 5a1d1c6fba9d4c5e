// Package playground lends a place on a broker that no other program uses: a virtual host of its own, which it removes
// afterwards.
package playground

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
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
)

// Borrow returns the AMQP URL of a place on the broker that nobody else uses, and a function that gives it back.
//
// That is a virtual host of its own where the management API lets us make one; otherwise the virtual host of
// amqpURL, if the pizzeria's queues in it are absent, or empty and without consumers. A system that runs or has
// work waiting there would lose events to the borrower, so that is an error.
//
// A borrower that was killed could not give its virtual host back: the next one removes it. What cannot be removed
// is told to warn, and does not keep anybody from playing.
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
	uri, err := url.Parse(amqpURL)
	if err != nil {
		return "", nil, err
	}
	client, err := managementClient(managementURL)
	if err != nil {
		return "", nil, err
	}
	// The process id alone would not do: in a container it is always the same.
	name := playgroundPrefix + strconv.Itoa(os.Getpid()) + "-" + strings.ToLower(rand.Text()[:8])
	if err := answered(func() (*http.Response, error) {
		return client.PutVhost(name, rabbithole.VhostSettings{Description: describePlayground()})
	}); err != nil {
		return "", nil, err
	}
	back := func() {
		if err := remove(context.WithoutCancel(ctx), client, name); err != nil {
			warn(fmt.Errorf("the virtual host %s stays, until the next traceria play removes it: %w", name, err))
		}
	}
	if err := removeStale(ctx, client, time.Now()); err != nil {
		warn(fmt.Errorf("remove what an earlier traceria play left behind: %w", err))
	}
	if err := answered(func() (*http.Response, error) {
		return client.UpdatePermissionsIn(name, uri.User.Username(),
			rabbithole.Permissions{Configure: ".*", Write: ".*", Read: ".*"})
	}); err != nil {
		back()
		return "", nil, err
	}
	uri.Path = "/" + name
	conn, err := wire.Dial(ctx, uri.String(), "traceria play") // the management API may be another broker's
	if err != nil {
		back()
		return "", nil, err
	}
	return uri.String(), back, conn.Close()
}

// managementClient is a client of the management API, whose URL may hold a user.
func managementClient(managementURL string) (*rabbithole.Client, error) {
	api, err := url.Parse(managementURL)
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

// answered makes a call and turns a status that is not a success into an error, as the client itself does for most
// calls.
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

// remove deletes a virtual host with all that is in it. It tries again for about three seconds: a broker that is
// busy or just comes back refuses for a moment, and nobody would remember what is left there.
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

// gone reports whether the management API does not know what it was asked about.
func gone(err error) bool {
	var refused rabbithole.ErrorResponse
	return errors.As(err, &refused) && refused.StatusCode == http.StatusNotFound
}

const (
	playgroundPrefix  = "traceria-play-"
	playgroundMadeBy  = "made by traceria play"
	playgroundRemoved = ", which removes it"
	// staleAfter is more than any borrower lives whose process cannot be looked at: traceria play ends after a minute.
	staleAfter = 10 * time.Minute
)

// describePlayground is the description by which a later borrower knows whose virtual host it sees.
func describePlayground() string {
	name, err := os.Hostname()
	if err != nil {
		name = "an unknown host" // no host has this name: staleAfter decides
	}
	return playgroundMadeBy + " on " + name + " at " + time.Now().UTC().Format(time.RFC3339) + playgroundRemoved
}

// removeStale removes the virtual hosts of borrowers that are no more.
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
		case gone(err): // somebody else was faster
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

// abandoned reports whether the borrower that made a virtual host is no more: its process on this machine has ended,
// or, where that cannot be seen, it was made longer ago than a borrower lives.
func abandoned(name, description string, now time.Time) bool {
	rest, ours := strings.CutPrefix(name, playgroundPrefix)
	made, described := strings.CutPrefix(description, playgroundMadeBy)
	if !ours || !described {
		return false
	}
	made, _ = strings.CutSuffix(made, playgroundRemoved)
	host, at, told := strings.Cut(strings.TrimPrefix(made, " on "), " at ")
	since, err := time.Parse(time.RFC3339, at)
	if told && (err != nil || now.Sub(since) > staleAfter) {
		return true
	}
	here, err := os.Hostname()
	if told && (err != nil || host != here) {
		return false
	}
	// Earlier releases told neither host nor time: their process id, if it is of this machine, must do.
	pid, _, _ := strings.Cut(rest, "-")
	id, err := strconv.Atoi(pid)
	return err == nil && !alive(id)
}

// alive reports whether a process of this machine runs. When that cannot be told, it does.
func alive(pid int) bool {
	process, err := os.FindProcess(pid)
	if err != nil {
		return true
	}
	err = process.Signal(syscall.Signal(0)) // reaches nobody, and says whether there is somebody
	return !errors.Is(err, os.ErrProcessDone) && !errors.Is(err, syscall.ESRCH)
}

// busy is an error when somebody uses the queues, or the broker cannot be asked.
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
