package dashboards

// The pages that values lead to. $console and $jaeger are variables of each dashboard.
var (
	// failureBoard is where a failure is switched off.
	failureBoard = link{"Switch it on the failure board", "${console}/failures"}
	// journeys has an order by its id or its trace id.
	journeys = link{"The newest journeys in the console", "${console}/journeys"}
	// queueOfSeries is the console's page of a subscription: its messages, its dead letters and their redrive.
	queueOfSeries = link{"The queue and its dead letters", "${console}/queues/${__field.labels.messaging_destination_subscription_name}"}
	queueOfRow    = link{"The queue and its dead letters", "${console}/queues/${__value.text}"}
	// onlyThis shows this dashboard for one subscription.
	onlyThis = link{"Only this subscription", "/d/traceria-messaging?var-subscription=${__value.text}&${__url_time_range}"}
	// tracesOfService are traces in Jaeger.
	tracesOfService = link{"Traces of this service in Jaeger", "${jaeger}/search?service=${__field.labels.service_name}&lookback=15m&limit=20"}
	// failedTraces and failedRequests name the error, because Jaeger's memory storage cannot search for the status of a span.
	failedTraces   = link{"Traces with this error in Jaeger", "${jaeger}/search?service=${__field.labels.service_name}&tags=%7B%22error.type%22%3A%22${__field.labels.error_type}%22%7D&lookback=15m&limit=20"}
	failedRequests = link{"Traces with this answer in Jaeger", "${jaeger}/search?service=${__field.labels.service_name}&tags=%7B%22http.response.status_code%22%3A%22${__field.labels.http_response_status_code}%22%7D&lookback=15m&limit=20"}
	tracesOfKey    = link{"Traces with this failure in Jaeger", "${jaeger}/search?service=${__field.labels.service_name}&tags=%7B%22traceria.failure%22%3A%22${__field.labels.traceria_failure}%22%7D&lookback=15m&limit=20"}
)
