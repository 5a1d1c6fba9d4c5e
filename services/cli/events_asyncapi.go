package cli

import (
	"github.com/spf13/cobra"

	"traceria/services/asyncapi"
)

func newEventsAsyncAPICommand() *cobra.Command {
	return &cobra.Command{
		Use:   "asyncapi",
		Short: "Print the events as an AsyncAPI 3.0 document",
		Long: `Print channels, operations, messages and schemas as an AsyncAPI 3.0 document in JSON, for generators, catalogues and
other tools (https://www.asyncapi.com/docs/reference/specification/v3.0.0).

The document is made from the schemas and subscriptions in the code. The configuration does not change it: queues have their
default bindings, and the tag "optional" marks messages that only another configuration sends. services/event/asyncapi.json
is a copy of it.`,
		Example: "  traceria events asyncapi > asyncapi.json",
		Args:    asUsage(cobra.NoArgs),
		RunE:    func(cmd *cobra.Command, _ []string) error { return runEventsAsyncAPI(cmd) },
	}
}

func runEventsAsyncAPI(cmd *cobra.Command) error {
	document, err := asyncapi.Document()
	if err != nil {
		return err
	}
	_, err = cmd.OutOrStdout().Write(document)
	return err
}
