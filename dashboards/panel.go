package dashboards

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
)

// panel is what all kinds of panels have.
type panel struct {
	title string
	says  string // what the panel shows
	red   string // when it is red, and what to do then; or what to look for, if it never is
	unit  string // of Grafana, package units
	width uint32 // of 24 columns
	steps []dashboard.Threshold
	asks  []query
	links []link
	max   float64 // of the axis, if not 0
}

// query is a question to Prometheus. Its exemplars lead to traces.
type query struct {
	expr, legend string
	exemplars    bool
}

// link is a data link: from a value to a page about it.
type link struct{ title, url string }

// description is the text behind the panel's i.
func (p panel) description() string {
	heading := "When it is red:"
	if len(p.steps) < 2 {
		heading = "What to look for:"
	}
	return p.says + "\n\n**" + heading + "** " + p.red
}

// above are the thresholds of a value that is red when it reaches red. Below red it is green.
func above(red float64) []dashboard.Threshold {
	return []dashboard.Threshold{{Color: "green"}, {Color: "red", Value: &red}}
}

// warning are thresholds with a yellow step below the red one.
func warning(yellow, red float64) []dashboard.Threshold {
	return []dashboard.Threshold{{Color: "green"}, {Color: "yellow", Value: &yellow}, {Color: "red", Value: &red}}
}

// atLeast are the thresholds of a value that is red until it reaches green.
func atLeast(green float64) []dashboard.Threshold {
	return []dashboard.Threshold{{Color: "red"}, {Color: "green", Value: &green}}
}

// plain is the threshold of a value that is never red.
func plain() []dashboard.Threshold { return []dashboard.Threshold{{Color: "text"}} }

func (p panel) thresholds() cog.Builder[dashboard.ThresholdsConfig] {
	return dashboard.NewThresholdsConfigBuilder().Mode(dashboard.ThresholdsModeAbsolute).Steps(p.steps)
}

func (p panel) targets(shape func(*prometheus.DataqueryBuilder)) []cog.Builder[cogQuery] {
	var all []cog.Builder[cogQuery]
	for i, q := range p.asks {
		builder := prometheus.NewDataqueryBuilder().Datasource(source()).RefId(string(rune('A' + i))).
			Expr(q.expr).LegendFormat(q.legend).EditorMode(prometheus.QueryEditorModeCode)
		shape(builder)
		if q.exemplars {
			builder.Exemplar(true)
		}
		all = append(all, builder)
	}
	return all
}

func (p panel) dataLinks() []cog.Builder[dashboard.DashboardLink] {
	var all []cog.Builder[dashboard.DashboardLink]
	for _, l := range p.links {
		all = append(all, dashboard.NewDashboardLinkBuilder(l.title).Url(l.url).TargetBlank(true))
	}
	return all
}

func legend(calcs ...string) cog.Builder[common.VizLegendOptions] {
	return common.NewVizLegendOptionsBuilder().ShowLegend(true).DisplayMode(common.LegendDisplayModeTable).
		Placement(common.LegendPlacementBottom).Calcs(calcs)
}
