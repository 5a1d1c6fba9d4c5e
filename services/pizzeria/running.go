package pizzeria

import (
	"context"
	"path/filepath"

	"traceria/services/host"
	"traceria/services/order/orderclient"
	"traceria/services/scenario"
	"traceria/telemetry/tracetree"
)

// RunningSystem returns the system of a configuration, as scenarios drive it. folder is that of the flag file. It has the journal
// of the runs and the mystery that goes on.
func RunningSystem(ctx context.Context, config host.Config, folder string) scenario.System {
	control := scenario.FindControl(ctx, config.URLs["order"], config.AMQPURL)
	return scenario.System{
		Order: orderclient.New(config.URLs["order"]), Services: config.URLs, Switches: scenario.NewSwitches(config.URLs["console"]),
		Jaeger: tracetree.NewJaeger(config.JaegerURL, nil), JaegerURL: config.JaegerPublicURL,
		PrometheusURL: config.PrometheusURL, Control: control, Journal: filepath.Join(folder, "scenario-run-"+control.Name()+".json"),
		Ready: AllReady(config),
	}
}
