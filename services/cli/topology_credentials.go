package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"traceria/services/pizzeria"
)

type topologyCredentialsOptions struct {
	folder string
	guest  bool
}

func newTopologyCredentialsCommand() *cobra.Command {
	var o topologyCredentialsOptions
	cmd := &cobra.Command{
		Use:   "credentials DIR",
		Short: "Make a password for each service, and a definitions file with the hashes",
		Long: `Make a random password for each service, the console and the operator, and a RabbitMQ definitions file (load_definitions). In
it a service may publish its own events and read its own queues, and nothing else. The console may count messages, read dead
letters and redrive them. The operator may do everything.

  DIR/{service}/password         for AMQP_PASSWORD_FILE, with AMQP_URL=amqp://{service}@host:port/
  DIR/console/password           the same, with amqp://console@host:port/
  DIR/operator/password          the same, with amqp://operator@host:port/, and for RabbitMQ's pages
  DIR/broker/definitions.json    for the broker; it holds hashes only

Existing passwords are kept. To change one: remove its file, run the command again, restart the broker and the service.`,
		Example: "  traceria topology credentials .run/credentials",
		Args:    oneArgument("DIR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.folder = args[0]
			return runTopologyCredentials(cmd, o)
		},
	}
	cmd.Flags().BoolVar(&o.guest, "guest", false, "add the user guest with the password guest: for a broker that listens on loopback only")
	return cmd
}

func runTopologyCredentials(cmd *cobra.Command, o topologyCredentialsOptions) error {
	config, err := pizzeria.Configuration()
	if err != nil {
		return err
	}
	made, err := pizzeria.Configured(config).WriteCredentials(o.folder, o.guest)
	if err != nil {
		return err
	}
	if len(made) == 0 {
		cmd.Printf("%s: every user has a password already\n", o.folder)
		return nil
	}
	cmd.Printf("%s: made passwords for %s\n", o.folder, strings.Join(made, ", "))
	return nil
}
