package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"traceria/services/pizzeria"
)

func newTopologyCredentialsCommand() *cobra.Command {
	var guest bool
	cmd := &cobra.Command{
		Use:   "credentials DIR",
		Short: "Make a password for each service, and the definitions file with their hashes",
		Long: `Make a random password for each service and for the operator, who may do everything, and a RabbitMQ definitions
file (load_definitions) in which each service may publish its own events and read its own queues, and nothing else:

  DIR/{service}/password         for AMQP_PASSWORD_FILE, with AMQP_URL=amqp://{service}@host:port/
  DIR/operator/password          the same, with amqp://operator@host:port/, and for RabbitMQ's pages
  DIR/broker/definitions.json    for the broker; it holds hashes only

Passwords that are there are kept: doing it again changes nothing. To change one, remove its file, do it again, and
restart the broker and the service.`,
		Args: asUsage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			config, err := pizzeria.Configuration()
			if err != nil {
				return err
			}
			made, err := pizzeria.Configured(config).WriteCredentials(args[0], guest)
			if err != nil {
				return err
			}
			if len(made) == 0 {
				cmd.Printf("%s: every user has a password already\n", args[0])
				return nil
			}
			cmd.Printf("%s: made passwords for %s\n", args[0], strings.Join(made, ", "))
			return nil
		},
	}
	cmd.Flags().BoolVar(&guest, "guest", false,
		"let guest in, with the password guest: for a broker that listens on loopback only")
	return cmd
}
