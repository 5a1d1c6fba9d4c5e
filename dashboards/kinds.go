package dashboards

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/variants"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/heatmap"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/statetimeline"
	"github.com/grafana/grafana-foundation-sdk/go/table"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

type cogQuery = variants.Dataquery

// The heights of panels, in Grafana's units.
const (
	numberHeight = 4
	graphHeight  = 8
	tableHeight  = 10
)

// number is one value, with its course behind it.
func figure(p panel) cog.Builder[dashboard.Panel] {
	return stat.NewPanelBuilder().Title(p.title).Description(p.description()).Datasource(source()).Unit(p.unit).NoValue("0").
		Span(p.width).Height(numberHeight).Thresholds(p.thresholds()).Targets(p.targets(func(q *prometheus.DataqueryBuilder) { q.Range() })).
		ColorScheme(dashboard.NewFieldColorBuilder().Mode(dashboard.FieldColorModeIdThresholds)).
		GraphMode(common.BigValueGraphModeArea).Orientation(common.VizOrientationAuto).ColorMode(common.BigValueColorModeValue).DataLinks(p.dataLinks()).
		ReduceOptions(common.NewReduceDataOptionsBuilder().Calcs([]string{"lastNotNull"}))
}

// graph is the course of one or several values. Its red line is the threshold.
func graph(p panel) cog.Builder[dashboard.Panel] { return lines(p) }

// stack is a graph of values that add up.
func stack(p panel) cog.Builder[dashboard.Panel] {
	return lines(p).FillOpacity(40).LineWidth(0).Stacking(common.NewStackingConfigBuilder().Mode(common.StackingModeNormal).Group("A"))
}

func lines(p panel) *timeseries.PanelBuilder {
	builder := timeseries.NewPanelBuilder().Title(p.title).Description(p.description()).Datasource(source()).Unit(p.unit).Min(0).
		Span(p.width).Height(graphHeight).Targets(p.targets(func(q *prometheus.DataqueryBuilder) { q.Range() })).
		LineWidth(1).FillOpacity(8).ShowPoints(common.VisibilityModeNever).SpanNulls(common.BoolOrFloat64{Bool: new(false)}).
		Legend(legend("lastNotNull", "max")).DataLinks(p.dataLinks()).
		Tooltip(common.NewVizTooltipOptionsBuilder().Mode(common.TooltipDisplayModeMulti).Sort(common.SortOrderDescending))
	if p.max != 0 {
		builder.Max(p.max)
	}
	if len(p.steps) > 0 {
		builder.Thresholds(p.thresholds()).
			ThresholdsStyle(common.NewGraphThresholdsStyleConfigBuilder().Mode(common.GraphThresholdsStyleModeDashed))
	}
	return builder
}

// heat shows how many values are in each bucket of a histogram.
func heat(p panel) cog.Builder[dashboard.Panel] {
	return heatmap.NewPanelBuilder().Title(p.title).Description(p.description()).Datasource(source()).
		Span(p.width).Height(graphHeight).DataLinks(p.dataLinks()).
		Targets(p.targets(func(q *prometheus.DataqueryBuilder) { q.Range().Format(prometheus.PromQueryFormatHeatmap) })).
		YAxis(heatmap.NewYAxisConfigBuilder().Unit(p.unit)).
		Color(heatmap.NewHeatmapColorOptionsBuilder().Mode(heatmap.HeatmapColorModeScheme).Scheme("Oranges").Steps(32))
}

// states is a bar for each series, coloured by its value.
func states(p panel) cog.Builder[dashboard.Panel] {
	return statetimeline.NewPanelBuilder().Title(p.title).Description(p.description()).Datasource(source()).
		Span(p.width).Height(graphHeight).Thresholds(p.thresholds()).ShowValue(common.VisibilityModeNever).DataLinks(p.dataLinks()).
		ColorScheme(dashboard.NewFieldColorBuilder().Mode(dashboard.FieldColorModeIdThresholds)).MergeValues(true).
		Targets(p.targets(func(q *prometheus.DataqueryBuilder) { q.Range() })).
		Mappings([]dashboard.ValueMapping{{ValueMap: &dashboard.ValueMap{Type: dashboard.MappingTypeValueToText, Options: map[string]dashboard.ValueMappingResult{
			"0": {Text: new("off")}, "1": {Text: new("on")},
		}}}})
}

// column is a column of a table: the answer of one query. Its cells have the colours of the steps, if there are any.
type column struct {
	title, expr, unit string
	steps             []dashboard.Threshold
}

// list is a table: a line for each value of the label by, and a column for each query.
func list(p panel, by string, columns ...column) cog.Builder[dashboard.Panel] {
	names := map[string]any{by: p.title}
	for i, c := range columns {
		p.asks = append(p.asks, query{expr: c.expr})
		names["Value #"+string(rune('A'+i))] = c.title
	}
	builder := table.NewPanelBuilder().Title(p.title).Description(p.description()).Datasource(source()).
		Span(p.width).Height(tableHeight).Thresholds(p.thresholds()).
		Targets(p.targets(func(q *prometheus.DataqueryBuilder) { q.Instant().Format(prometheus.PromQueryFormatTable) })).
		WithTransformation(dashboard.DataTransformerConfig{Id: "joinByField", Options: map[string]any{"byField": by, "mode": "outer"}}).
		WithTransformation(dashboard.DataTransformerConfig{Id: "organize", Options: map[string]any{"renameByName": names}}).
		OverrideByRegexp("Time.*", []dashboard.DynamicConfigValue{{Id: "custom.hidden", Value: true}}).
		OverrideByName(p.title, []dashboard.DynamicConfigValue{{Id: "links", Value: p.built()}})
	for _, c := range columns {
		builder.OverrideByName(c.title, c.look())
	}
	return builder
}

// look is the unit of a cell and its colour.
func (c column) look() []dashboard.DynamicConfigValue {
	look := []dashboard.DynamicConfigValue{{Id: "unit", Value: c.unit}, {Id: "noValue", Value: "-"}}
	if c.steps == nil {
		return look
	}
	return append(look,
		dashboard.DynamicConfigValue{Id: "thresholds", Value: dashboard.ThresholdsConfig{Mode: dashboard.ThresholdsModeAbsolute, Steps: c.steps}},
		dashboard.DynamicConfigValue{Id: "custom.cellOptions", Value: map[string]any{"type": "color-text"}})
}

// built are the data links in the form that an override wants.
func (p panel) built() []map[string]any {
	var all []map[string]any
	for _, l := range p.links {
		all = append(all, map[string]any{"title": l.title, "url": l.url, "targetBlank": true})
	}
	return all
}
