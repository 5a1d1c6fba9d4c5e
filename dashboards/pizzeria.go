package dashboards

import (
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/units"
)

const (
	placed     = `http_server_request_duration_seconds_count{service_name="order", http_request_method="POST", http_route="/order", http_response_status_code="202"}`
	orderTimes = "traceria_order_delivery_duration_seconds"
	httpTimes  = "http_server_request_duration_seconds"
	ofService  = `service_name=~"$service"`
)

// pizzeria answers: do the customers get their pizzas?
func pizzeria() board {
	return board{
		uid: "traceria-pizzeria", title: "Pizzeria",
		says:      "Do the customers get their pizzas? Orders, the time to delivery, loyalty points, and the services' HTTP.",
		variables: []cog.Builder[dashboard.VariableModel]{choice("service", "Service", "label_values("+httpTimes+"_count, service_name)")},
		rows: []row{
			{title: "Overview", panels: ordersAtAGlance()},
			{title: "From order to delivery", panels: ordersOverTime()},
			{title: "Loyalty points", panels: points()},
			{title: "HTTP: rate, errors, duration", panels: requests()},
			{title: "Processes", closed: true, panels: processes()},
		},
	}
}

func ordersAtAGlance() []cog.Builder[dashboard.Panel] {
	return []cog.Builder[dashboard.Panel]{
		figure(panel{
			title: "Orders placed", unit: units.OpsPerMinute, width: 4, steps: plain(),
			says: "Orders a minute that the order service answered with 202.",
			red:  "if it is 0 and should not be, look at *Requests that fail*.",
			asks: []query{{expr: `60 * sum(rate(` + placed + inInterval + `))`}}, links: []link{journeys},
		}),
		figure(panel{
			title: "Orders delivered", unit: units.OpsPerMinute, width: 4, steps: plain(),
			says: "Orders a minute that were delivered.",
			red:  "if it stays below the orders placed, look for the subscription with the longest wait in *Messaging*.",
			asks: []query{{expr: `60 * ` + rate(orderTimes+"_count", "")}}, links: []link{journeys},
		}),
		figure(panel{
			title: "Open orders", unit: units.Short, width: 4, steps: warning(backlogLimit, 4*backlogLimit),
			says: "Orders that are neither delivered nor cancelled.",
			red:  "more than 200 orders are open. Look at *Orders by state*: the state that grows names the service that is late. More cooks: `curl -X POST localhost:8085/staff/NAME/clock-in`.",
			asks: []query{{expr: `sum(traceria_orders{state!~"delivered|cancelled"})`}}, links: []link{journeys},
		}),
		figure(panel{
			title: "Order to delivery, p95", unit: units.Seconds, width: 4, steps: warning(lateLimit/2, lateLimit),
			says: "19 of 20 orders were delivered within this time.",
			red:  "it takes longer than 10 s. Open an exemplar in *Time to delivery*: in its trace the longest gap before a process span is the queue that is late.",
			asks: []query{{expr: known(late)}}, links: []link{journeys},
		}),
		figure(panel{
			title: "Requests that fail", unit: units.PercentUnit, width: 4, steps: warning(0.001, 0.01),
			says:  "Share of HTTP requests that the services answered with 5xx.",
			red:   "more than 1% fail. Look at *Errors by service*, and open the failed spans of that service in Jaeger.",
			asks:  []query{{expr: share(rate(httpTimes+"_count", `http_response_status_code=~"5.."`), rate(httpTimes+"_count", ""))}},
			links: []link{failureBoard},
		}),
		figure(panel{
			title: "Cancelled orders", unit: units.PercentUnit, width: 4, steps: warning(0.05, 0.2),
			says: "Share of all orders that were cancelled: by the customer, or because the kitchen rejected them.",
			red:  "more than 20% are cancelled. Look whether `kitchen.reject` is switched on; if not, search Jaeger for OrderRejected.",
			asks: []query{{expr: share(`sum(traceria_orders{state="cancelled"})`, `sum(traceria_orders)`)}}, links: []link{failureBoard},
		}),
	}
}

func ordersOverTime() []cog.Builder[dashboard.Panel] {
	return []cog.Builder[dashboard.Panel]{
		graph(panel{
			title: "Time to delivery", unit: units.Seconds, width: 12, steps: above(lateLimit),
			says: "Time from the order to its delivery. A dot is an exemplar: one order, with links to its trace and its journey.",
			red:  "p95 is above 10 s. Click an exemplar near the top, and look which hop waited.",
			asks: quantiles(orderTimes, ""), links: []link{journeys},
		}),
		heat(panel{
			title: "Time to delivery, all orders", unit: units.Seconds, width: 12,
			says: "How many orders took how long. Two bands mean two kinds of orders, for example those that were retried.",
			red:  "a new band above the usual one: click an exemplar in it.",
			asks: []query{{expr: `sum by (le) (rate(` + orderTimes + `_bucket` + inInterval + `))`, legend: "{{le}}", exemplars: true}},
		}),
		stack(panel{
			title: "Orders by state", unit: units.Short, width: 12,
			says: "Open orders by their state.",
			red:  "a state that grows names the next service: created waits for order, confirmed for kitchen, boxed for delivery.",
			asks: []query{{expr: `sum by (state) (traceria_orders{state!~"delivered|cancelled"})`, legend: "{{state}}"}},
		}),
		graph(panel{
			title: "Placed and delivered", unit: units.OpsPerMinute, width: 12,
			says: "Orders a minute. The two lines are the same height in a system that keeps up.",
			red:  "if delivered stays below placed, a backlog grows: open *Messaging*.",
			asks: []query{
				{expr: `60 * sum(rate(` + placed + inInterval + `))`, legend: "placed"},
				{expr: `60 * ` + rate(orderTimes+"_count", ""), legend: "delivered"},
			}, links: []link{journeys},
		}),
	}
}

func points() []cog.Builder[dashboard.Panel] {
	return []cog.Builder[dashboard.Panel]{
		graph(panel{
			title: "Points earned and reversed", unit: units.CountsPerMinute, width: 12,
			says: "Loyalty points a minute.",
			red:  "no points while orders are delivered: the loyalty service is down, and they follow when it is back.",
			asks: []query{{expr: `60 * ` + rate("traceria_loyalty_points_total", "", "kind"), legend: "{{kind}}"}}, links: []link{failureBoard},
		}),
		graph(panel{
			title: "Share of points reversed", unit: units.PercentUnit, width: 12, steps: above(0.2),
			says: "Points that were taken back for cancelled orders, as a share of those that were earned.",
			red:  "more than 20% were taken back. Many orders are cancelled after their confirmation: look at *Cancelled orders*.",
			asks: []query{{expr: share(`sum(traceria_loyalty_points_total{kind="reversed"})`, `sum(traceria_loyalty_points_total{kind="earned"})`), legend: "reversed"}},
		}),
	}
}

func requests() []cog.Builder[dashboard.Panel] {
	return []cog.Builder[dashboard.Panel]{
		graph(panel{
			title: "Requests by route", unit: units.RequestsPerSecond, width: 8,
			says: "HTTP requests a second.",
			red:  "a sudden rise of one route is a client in a loop.",
			asks: []query{{
				expr:   rate(httpTimes+"_count", ofService, "service_name", "http_request_method", "http_route"),
				legend: "{{http_request_method}} {{http_route}} ({{service_name}})",
			}},
			links: []link{tracesOfService},
		}),
		graph(panel{
			title: "Errors by service", unit: units.PercentUnit, width: 8, steps: above(0.01),
			says: "Share of a service's HTTP requests that it answered with 5xx.",
			red:  "more than 1% fail. Open *Answers by status* in *Failures*: its links lead to the traces of each status.",
			asks: []query{{expr: rate(httpTimes+"_count", ofService+`, http_response_status_code=~"5.."`, "service_name") + ` / ` + rate(httpTimes+"_count", ofService, "service_name") +
				` or 0 * ` + rate(httpTimes+"_count", ofService, "service_name"), legend: "{{service_name}}"}},
			links: []link{tracesOfService},
		}),
		graph(panel{
			title: "Duration by service, p95", unit: units.Seconds, width: 8, steps: above(1),
			says:  "19 of 20 requests were answered within this time.",
			red:   "it takes longer than 1 s. Click an exemplar: the database span below the server span shows a slow commit, a client span shows a slow service behind it.",
			asks:  []query{{expr: quantile(0.95, httpTimes, ofService, "service_name"), legend: "{{service_name}}", exemplars: true}},
			links: []link{tracesOfService},
		}),
	}
}

func processes() []cog.Builder[dashboard.Panel] {
	return []cog.Builder[dashboard.Panel]{
		graph(panel{
			title: "Memory", unit: units.BytesIEC, width: 8, steps: above(512 << 20),
			says: "Memory that the Go runtime of each service uses.",
			red:  "a service uses more than 512 MiB. If it grows at a constant load, it leaks: look whether *Goroutines* grows, too.",
			asks: []query{{expr: `sum by (service_name) (go_memory_used_bytes{` + ofService + `})`, legend: "{{service_name}}"}},
		}),
		graph(panel{
			title: "Goroutines", unit: units.Short, width: 8, steps: above(1000),
			says: "Goroutines of each service.",
			red:  "a service has more than 1,000. Something waits without an end: look at *Hung handlers* in *Failures*.",
			asks: []query{{expr: `sum by (service_name) (go_goroutine_count{` + ofService + `})`, legend: "{{service_name}}"}},
		}),
		graph(panel{
			title: "Allocations", unit: units.BytesPerSecondSI, width: 8,
			says: "Bytes a second that each service allocates. The garbage collector's work grows with it.",
			red:  "a rise at a constant load is a regression: run `make bench-compare BASE=main`.",
			asks: []query{{expr: rate("go_memory_allocated_bytes_total", ofService, "service_name"), legend: "{{service_name}}"}},
		}),
	}
}
