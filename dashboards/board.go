package dashboards

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// board is one dashboard.
type board struct {
	uid, title, says string
	variables        []cog.Builder[dashboard.VariableModel]
	rows             []row
}

// row is a headed group of panels.
type row struct {
	title  string
	closed bool // a closed row is opened by a click, and asks nothing before
	panels []cog.Builder[dashboard.Panel]
}

// build returns the dashboard. Every panel gets the number of its place, so that the numbers change only if the panels do.
func (b board) build() (dashboard.Dashboard, error) {
	builder := dashboard.NewDashboardBuilder(b.title).Uid(b.uid).Description(b.says).Tags([]string{tag}).
		Time("now-15m", "now").Refresh("10s").Timezone(common.TimeZoneBrowser).Tooltip(dashboard.DashboardCursorSyncCrosshair).Editable().
		Annotation(switchedOn()).Links(b.links())
	for _, v := range withCommon(b.variables) {
		builder.WithVariable(v)
	}
	for _, r := range b.rows {
		r.addTo(builder)
	}
	built, err := builder.Build()
	if err != nil {
		return dashboard.Dashboard{}, err
	}
	finish(&built)
	return built, nil
}

func (r row) addTo(builder *dashboard.DashboardBuilder) {
	heading := dashboard.NewRowBuilder(r.title).Collapsed(r.closed)
	if r.closed { // the panels of a closed row are inside it
		for _, p := range r.panels {
			heading.WithPanel(p)
		}
		builder.WithRow(heading)
		return
	}
	builder.WithRow(heading)
	for _, p := range r.panels {
		builder.WithPanel(p)
	}
}

// finish numbers panels and rows, hides the constants, and removes the placement that the SDK presets: it would hide links and
// annotations in a menu.
func finish(d *dashboard.Dashboard) {
	id := uint32(0)
	next := func() uint32 { id++; return id }
	for i := range d.Panels {
		if p := d.Panels[i].Panel; p != nil {
			p.Id = new(next())
			continue
		}
		heading := d.Panels[i].RowPanel
		heading.Id = next()
		for j := range heading.Panels {
			heading.Panels[j].Id = new(next())
		}
	}
	for i := range d.Templating.List {
		if v := &d.Templating.List[i]; v.Type == dashboard.VariableTypeConstant {
			v.Hide = new(dashboard.VariableHideHideVariable)
		}
	}
	for i := range d.Links {
		d.Links[i].Placement = nil
	}
	for i := range d.Annotations.List {
		d.Annotations.List[i].Placement = nil
	}
}
