package dashboards

import (
	"encoding/json"
	"fmt"

	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// All builds the dashboards, in the order in which a reader needs them.
func All() ([]dashboard.Dashboard, error) {
	var all []dashboard.Dashboard
	for _, board := range []board{pizzeria(), messaging(), failures(), telemetry()} {
		built, err := board.build()
		if err != nil {
			return nil, fmt.Errorf("build the dashboard %q: %w", board.title, err)
		}
		all = append(all, built)
	}
	return all, nil
}

// Files returns the content of each generated file by its name.
func Files() (map[string][]byte, error) {
	all, err := All()
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, d := range all {
		content, err := json.MarshalIndent(d, "", "  ")
		if err != nil {
			return nil, fmt.Errorf("encode the dashboard %s: %w", *d.Uid, err)
		}
		files[*d.Uid+".json"] = append(content, '\n')
	}
	return files, nil
}
