package cli

import (
	"github.com/spf13/cobra"

	"traceria/services/asyncapi"
)

func newAsyncAPICommand() *cobra.Command {
	return &cobra.Command{
		Use:   "asyncapi",
		Short: "Print the contracts as an AsyncAPI 3.0 document",
		Long: `Print channels, operations, messages and schemas as an AsyncAPI 3.0 document in JSON, for generators, catalogues and
other tools (https://www.asyncapi.com/docs/reference/specification/v3.0.0). It is made from the schemas and the
subscriptions in the code, whatever the configuration is: queues are bound as by default, and what is sent only with
another configuration is marked (tag optional). services/event/asyncapi.json is this text.`,
		Args: asUsage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			document, err := asyncapi.Document()
			if err != nil {
				return err
			}
			_, err = cmd.OutOrStdout().Write(document)
			return err
		},
	}
}
