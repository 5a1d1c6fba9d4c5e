package cli

import (
	"fmt"
	"strconv"
	"strings"
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
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\n", s.Name, s.Title, rowsText(s.Rows))
	}
	return w.Flush()
}

func rowsText(rows []int) string {
	texts := make([]string, len(rows))
	for i, row := range rows {
		texts[i] = strconv.Itoa(row)
	}
	return "[" + strings.Join(texts, " ") + "]"
}
