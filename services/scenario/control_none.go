package scenario

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os/exec"
	"slices"

	"traceria/services/topology"
)

// none cannot stop anything.
type none struct {
	// user is the user of the broker.
	user string
}

// Elsewhere reports whether an error of [System.Possible] says that the scenario can run elsewhere: on the host, in the folder from
// which the system was started.
func Elsewhere(err error) bool { return errors.Is(err, errNoControl) || errors.Is(err, errNoRight) }

var errNoRight = errors.New("may not do that")

var errNoControl = errors.New("nothing that can do it is found: run it in the folder of the checkout from which make up or docker compose up started the system; " +
	"traceria all is one process: its parts cannot be stopped")

func (none) Can(context.Context, string) error   { return errNoControl }
func (none) Restarts(context.Context) error      { return errNoControl }
func (none) Stop(context.Context, string) error  { return errNoControl }
func (none) Start(context.Context, string) error { return errNoControl }

// Rights implements [Control]. Users that are not Traceria's, such as guest, may do everything.
func (n none) Rights(_ context.Context, part string) error {
	services := topology.Topology{}.Users()
	switch {
	case n.user == part, n.user != topology.Console && !slices.Contains(services, n.user):
		return nil
	case n.user == topology.Console && slices.Contains(services, part): // it returns the dead letters of each service
		return nil
	}
	return fmt.Errorf("the user %s of RabbitMQ %w", n.user, errNoRight)
}

// Command implements [Control].
func (none) Command(ctx context.Context, _ string, args ...string) *exec.Cmd {
	return itself(ctx, args)
}

// userOf returns the user in an AMQP URL, or "".
func userOf(amqpURL string) string {
	if u, err := url.Parse(amqpURL); err == nil {
		return u.User.Username()
	}
	return ""
}

// as returns an AMQP URL with another user, and without a password.
func as(amqpURL, user string) string {
	u, err := url.Parse(amqpURL)
	if err != nil {
		return amqpURL
	}
	u.User = url.User(user)
	return u.String()
}
