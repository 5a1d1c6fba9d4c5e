package cli

import (
	"encoding/json"

	"github.com/spf13/cobra"
)

// addJSON adds the flag --json to a command. what describes the document.
func addJSON(cmd *cobra.Command, to *bool, what string) {
	cmd.Flags().BoolVar(to, "json", false, "print one JSON document: "+what)
}

// printJSON prints value as the only document on standard output.
func printJSON(cmd *cobra.Command, value any) error {
	encoder := json.NewEncoder(cmd.OutOrStdout())
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}
