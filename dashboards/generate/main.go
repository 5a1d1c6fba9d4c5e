// Command generate writes the JSON files of the dashboards into the working directory.
package main

import (
	"fmt"
	"os"

	"traceria/dashboards"
)

func main() {
	if err := write(); err != nil {
		fmt.Fprintln(os.Stderr, "generate the dashboards:", err)
		os.Exit(1)
	}
}

func write() error {
	files, err := dashboards.Files()
	if err != nil {
		return err
	}
	for name, content := range files {
		if err := os.WriteFile(name, content, 0o644); err != nil { //nolint:gosec // Grafana's user reads the file
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	return nil
}
