package cli

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"traceria/services/scenario"
)

type scenarioListOptions struct{ json bool }

func newScenarioListCommand() *cobra.Command {
	var o scenarioListOptions
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the scenarios and the rows of the talk that each shows",
		Example: "  traceria scenario list",
		Args:    asUsage(cobra.NoArgs),
		RunE:    func(cmd *cobra.Command, _ []string) error { return runScenarioList(cmd, o) },
	}
	addJSON(cmd, &o.json, "a list of {name, title, rows}")
	return cmd
}

// listedScenario is a scenario in the list.
type listedScenario struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	Rows  []int  `json:"rows"`
}

func runScenarioList(cmd *cobra.Command, o scenarioListOptions) error {
	var listed []listedScenario
	for _, s := range scenario.All() {
		listed = append(listed, listedScenario{s.Name, s.Title, s.Rows})
	}
	listed = append(listed, listedScenario{mysteryName, "Find out what is wrong", []int{2}},
		listedScenario{conformanceName, "Bring a service of your own", []int{26}})
	if o.json {
		return printJSON(cmd, listed)
	}
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	for _, s := range listed {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%v\n", s.Name, s.Title, s.Rows)
	}
	return w.Flush()
}
