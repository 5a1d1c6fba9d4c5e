package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"traceria/services/broker/wire"
	"traceria/services/host"
	"traceria/services/pizzeria"
	"traceria/services/wait"
)

// withBroker connects to the broker at AMQP_URL and calls use. A broker that hangs answers nothing, so the connection is closed by
// Ctrl-C and when the broker does not answer [probe] in time: a call that waits then returns.
func withBroker(cmd *cobra.Command, use func(*wire.Connection, host.Config) error) error {
	config, err := pizzeria.Configuration()
	if err != nil {
		return err
	}
	conn, err := dialBroker(cmd, config)
	if err != nil {
		return err
	}
	probing, stop := context.WithCancelCause(cmd.Context())
	defer wire.CloseAfter(probing, conn)()
	defer stop(nil)
	go probe(probing, conn, func() { stop(errHangs) })
	err = use(conn, config)
	if err != nil && errors.Is(context.Cause(probing), errHangs) {
		return fmt.Errorf("RabbitMQ at %s %w: %w", wire.Address(config.AMQPURL), errHangs, err)
	}
	return interrupted(cmd, err)
}

var errHangs = fmt.Errorf("has not answered for %s; it hangs or is overloaded", answerTime)

// answerTime is the longest time that a command waits for an answer of RabbitMQ.
const answerTime = 4 * time.Second

// dialBroker connects to the broker at AMQP_URL.
func dialBroker(cmd *cobra.Command, config host.Config) (*wire.Connection, error) {
	ctx, cancel := context.WithTimeoutCause(cmd.Context(), answerTime, errHangs)
	defer cancel()
	conn, err := wire.Dial(ctx, config.AMQPURL, cmd.CommandPath())
	if err != nil && errors.Is(context.Cause(ctx), errHangs) {
		return nil, fmt.Errorf("RabbitMQ at %s %w: %w", wire.Address(config.AMQPURL), errHangs, err)
	}
	return conn, interrupted(cmd, err)
}

// probe opens a channel each second until ctx ends. If that takes longer than answerTime, it calls hangs.
func probe(ctx context.Context, conn *wire.Connection, hangs func()) {
	for wait.For(ctx, time.Second) == nil {
		silent := time.AfterFunc(answerTime, hangs)
		ch, err := conn.Channel()
		if err == nil {
			err = ch.Close()
		}
		silent.Stop()
		if err != nil {
			return
		}
	}
}

// interrupted says that Ctrl-C caused the error, if so: the AMQP library reports a timeout or a closed connection.
func interrupted(cmd *cobra.Command, err error) error {
	if err != nil && cmd.Context().Err() != nil {
		return fmt.Errorf("interrupted: %w", err)
	}
	return err
}
