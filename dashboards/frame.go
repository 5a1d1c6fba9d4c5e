package dashboards

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
)

// tag is on every dashboard. The links between the dashboards find each other by it.
const tag = "traceria"

// source is the Prometheus that the reader has chosen.
func source() common.DataSourceRef {
	return common.DataSourceRef{Type: new("prometheus"), Uid: new("${datasource}")}
}

// withCommon adds what every dashboard has: the data source, which the other variables ask, and where the console and Jaeger are.
func withCommon(own []cog.Builder[dashboard.VariableModel]) []cog.Builder[dashboard.VariableModel] {
	constant := func(name, value string) cog.Builder[dashboard.VariableModel] {
		return dashboard.NewConstantVariableBuilder(name).Value(dashboard.StringOrMap{String: &value})
	}
	all := []cog.Builder[dashboard.VariableModel]{dashboard.NewDatasourceVariableBuilder("datasource").Label("Prometheus").Type("prometheus")}
	return append(append(all, own...), constant("console", "http://localhost:8080"), constant("jaeger", "http://localhost:16686"))
}

// choice is a variable with the values of a label. Several may be chosen, and All is the start.
func choice(name, label, values string) cog.Builder[dashboard.VariableModel] {
	return dashboard.NewQueryVariableBuilder(name).Label(label).Datasource(source()).
		Query(dashboard.StringOrMap{String: &values}).Definition(values).
		Refresh(dashboard.VariableRefreshOnTimeRangeChanged).Sort(dashboard.VariableSortAlphabeticalAsc).
		Multi(true).IncludeAll(true).AllValue(".*").
		Current(dashboard.VariableOption{
			Text: dashboard.StringOrArrayOfString{ArrayOfString: []string{"All"}}, Value: dashboard.StringOrArrayOfString{ArrayOfString: []string{"$__all"}},
		})
}

// switchedOn marks the time in which a failure or an experiment is active, on every graph.
func switchedOn() cog.Builder[dashboard.AnnotationQuery] {
	const active = `max by (traceria_failure, traceria_failure_variant) (traceria_failure_active) > 0`
	return dashboard.NewAnnotationQueryBuilder().Name("Failures and experiments").Datasource(source()).Enable(true).
		IconColor("orange").Expr(active).Step("10s").
		TitleFormat("{{traceria_failure}}={{traceria_failure_variant}}").TextFormat("switched on").TagKeys("traceria_failure").
		Target(prometheus.NewDataqueryBuilder().RefId("Anno").Expr(active))
}

// links are at the top of the dashboard: the other dashboards, and what the numbers come from.
func (b board) links() []cog.Builder[dashboard.DashboardLink] {
	page := func(title, url string) cog.Builder[dashboard.DashboardLink] {
		return dashboard.NewDashboardLinkBuilder(title).Type(dashboard.DashboardLinkTypeLink).Url(url).Icon("external link").TargetBlank(true)
	}
	return []cog.Builder[dashboard.DashboardLink]{
		dashboard.NewDashboardLinkBuilder("Traceria").Type(dashboard.DashboardLinkTypeDashboards).Tags([]string{tag}).KeepTime(true),
		page("Journeys", "${console}/journeys"), page("Failure board", "${console}/failures"), page("Jaeger", "${jaeger}/search"),
	}
}
