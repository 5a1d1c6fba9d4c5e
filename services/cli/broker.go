package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"traceria/services/broker/wire"
	"traceria/services/host"
	"traceria/services/pizzeria"
)

// withBroker connects to the broker at AMQP_URL and calls use. Ctrl-C closes the connection: a call that waits for a broker
// that hangs then returns.
func withBroker(cmd *cobra.Command, use func(*wire.Connection, host.Config) error) error {
	config, err := pizzeria.Configuration()
	if err != nil {
		return err
	}
	conn, err := wire.Dial(cmd.Context(), config.AMQPURL, cmd.CommandPath())
	if err != nil {
		return interrupted(cmd, err)
	}
	defer wire.CloseAfter(cmd.Context(), conn)()
	return interrupted(cmd, use(conn, config))
}

// interrupted says that Ctrl-C caused the error, if so: the AMQP library reports a timeout or a closed connection.
func interrupted(cmd *cobra.Command, err error) error {
	if err != nil && cmd.Context().Err() != nil {
		return fmt.Errorf("interrupted: %w", err)
	}
	return err
}
