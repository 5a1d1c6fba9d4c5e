package metrics

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"traceria/services/failure"
	"traceria/services/system/systemtest"
	"traceria/telemetry/tracetree"
)

// within is the limit for a value to arrive in Prometheus: a service exports every 5 s, Prometheus scrapes every 5 s.
const within = 90 * time.Second

// house starts the system and places orders. Some of them meet a failure.
func house(t *testing.T) *systemtest.System {
	t.Helper()
	s := systemtest.UpWithPrometheus(t)
	if out, err := s.Traceria("failure", "set", string(failure.OrderAPISlow)+"=2s", "--customer", "c-other"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	buy(t, s, "--count", "5")
	for _, key := range []failure.Key{failure.KitchenError, failure.KitchenPoison, failure.KitchenReject, failure.OrderDuplicate} {
		buy(t, s, "--failure", string(key))
	}
	return s
}

func buy(t *testing.T, s *systemtest.System, args ...string) {
	t.Helper()
	if out, err := s.Traceria(append([]string{"buy"}, args...)...); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// instruments are queries that have a result if the instrument has data, and how large one of its values is at least.
var instruments = map[string]float64{
	// A message.
	`messaging_client_operation_duration_seconds_count{messaging_operation_name="send"}`:                                 1,
	`messaging_client_sent_messages_total{messaging_destination_name="events:order.order-created.v1"}`:                   1,
	`messaging_client_consumed_messages_total{messaging_destination_subscription_name="kitchen.ticket-opened"}`:          1,
	`messaging_process_duration_seconds_count{messaging_destination_subscription_name="kitchen.ticket-opened"}`:          1,
	`messaging_process_duration_seconds_count{error_type="injected"}`:                                                    1,
	`traceria_queue_wait_seconds_count{messaging_destination_subscription_name="kitchen.ticket-opened"}`:                 1,
	`traceria_delivery_attempt_bucket{messaging_destination_subscription_name="kitchen.ticket-opened",le="+Inf"}`:        1,
	`traceria_retry_backoff_seconds_count{messaging_destination_subscription_name="kitchen.ticket-opened"}`:              1,
	`traceria_message_settled_total{messaging_destination_subscription_name="kitchen.ticket-opened",outcome="ack"}`:      1,
	`traceria_message_settled_total{messaging_destination_subscription_name="kitchen.ticket-opened",outcome="retry"}`:    1,
	`traceria_message_settled_total{messaging_destination_subscription_name="kitchen.ticket-opened",outcome="dead"}`:     1,
	`traceria_message_settled_total{messaging_destination_subscription_name="order.order-boxed",outcome="dead"}`:         0,
	`traceria_dead_letters_total{messaging_destination_subscription_name="kitchen.ticket-opened",error_type="injected"}`: 1,
	`traceria_inbox_duplicates_total`: 1,
	// The connection, the outbox, the telemetry.
	`traceria_broker_reconnects_total{traceria_broker_purpose="consume"}`:    0,
	`traceria_broker_blocks_total{traceria_broker_purpose="publish"}`:        0,
	`traceria_broker_hung{traceria_queue="kitchen.ticket-opened"}`:           0,
	`traceria_outbox_waiting{service_name="order",state="waiting"}`:          0,
	`traceria_outbox_oldest_seconds{service_name="order"}`:                   0,
	`traceria_outbox_resent_total{service_name="order"}`:                     0,
	`traceria_telemetry_dropped_total{service_name="order",signal="traces"}`: 0,
	// The business.
	`traceria_orders{state="delivered"}`:             5,
	`traceria_orders{state="cancelled"}`:             1,
	`traceria_orders{state="created"}`:               0,
	`traceria_order_delivery_duration_seconds_count`: 5,
	`traceria_loyalty_points_total{kind="earned"}`:   1,
	`traceria_loyalty_points_total{kind="reversed"}`: 1,
	`traceria_failure_active{traceria_failure="order-api.slow",traceria_failure_variant="2s",service_name="order"}`: 1,
	`traceria_failure_injected_total{traceria_failure="kitchen.poison"}`:                                            1,
	// HTTP and the runtime.
	`http_server_request_duration_seconds_count{http_route="/order",service_name="order"}`: 1,
	`go_goroutine_count{service_name="kitchen"}`:                                           1,
	`go_memory_used_bytes{service_name="order"}`:                                           1,
	// Spans.
	`traces_span_metrics_calls_total{service_name="kitchen",span_kind="SPAN_KIND_CONSUMER",status_code="STATUS_CODE_ERROR"}`: 1,
	`traces_span_metrics_duration_seconds_count{service_name="order",span_name="POST /order"}`:                               1,
	// RabbitMQ, the Collector, Jaeger, Prometheus.
	`rabbitmq_queue_messages_ready{queue="kitchen.ticket-opened.dead"}`:             1,
	`rabbitmq_queue_messages_unacked{queue="kitchen.ticket-opened"}`:                0,
	`rabbitmq_queue_consumers{queue="kitchen.ticket-opened"}`:                       1,
	`{__name__=~"rabbitmq_raft_commit_index|rabbitmq_raft_log_commit_index"}`:       1,
	`otelcol_receiver_accepted_spans_total{job="collector"}`:                        1,
	`otelcol_receiver_refused_spans_total{job="collector"}`:                         0,
	`otelcol_exporter_sent_spans_total{job="collector",exporter="otlphttp/jaeger"}`: 1,
	`otelcol_exporter_queue_size{job="collector",exporter="otlphttp/jaeger"}`:       0,
	`otelcol_receiver_accepted_spans_total{job="jaeger"}`:                           1,
	`prometheus_tsdb_head_series{job="prometheus"}`:                                 1,
}

func TestMetricsOfTheWholeSystem(t *testing.T) {
	s := house(t)
	missing := maps.Clone(instruments)
	await(t, func() error {
		for query, least := range missing {
			samples, err := s.Query(t.Context(), query)
			if err != nil {
				return err
			}
			if slices.ContainsFunc(samples, func(one systemtest.Sample) bool { return one.Value >= least }) {
				delete(missing, query)
			}
		}
		if len(missing) > 0 {
			return fmt.Errorf("no data: %s", strings.Join(slices.Sorted(maps.Keys(missing)), "\n"))
		}
		return nil
	})
	up, err := s.Query(t.Context(), "up == 1")
	if err != nil || len(up) != 5 {
		t.Errorf("%d targets are up, %v; want services, rabbitmq, collector, jaeger and prometheus: %v", len(up), err, up)
	}
	for _, query := range []string{"scrape_duration_seconds", "scrape_samples_scraped"} {
		samples, err := s.Query(t.Context(), query)
		if err != nil {
			t.Error(err)
		}
		for _, one := range samples {
			t.Logf("%s of %s: %.3f", query, one.Labels["job"], one.Value)
		}
	}
	t.Run("exemplars", func(t *testing.T) { exemplars(t, s) })
	t.Run("monitor", func(t *testing.T) { monitor(t, s) })
}

// await waits until check returns nil.
func await(t *testing.T, check func() error) {
	t.Helper()
	deadline := time.Now().Add(within)
	for last := check(); last != nil; last = check() {
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %v", within, last)
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// exemplars follows an exemplar of each histogram to its trace in Jaeger.
func exemplars(t *testing.T, s *systemtest.System) {
	t.Helper()
	for _, series := range []string{
		"traceria_order_delivery_duration_seconds_bucket", "traceria_queue_wait_seconds_bucket", "traceria_delivery_attempt_bucket",
		"messaging_process_duration_seconds_bucket", "traces_span_metrics_duration_seconds_bucket",
	} {
		await(t, func() error {
			traces, err := s.Exemplars(t.Context(), series)
			if err != nil || len(traces) == 0 {
				return errors.Join(err, fmt.Errorf("%s has %d exemplars", series, len(traces)))
			}
			_, err = s.Jaeger.Trace(t.Context(), traces[len(traces)-1])
			if errors.Is(err, tracetree.ErrNotFound) {
				return fmt.Errorf("%s leads to %s, which Jaeger does not have", series, traces[len(traces)-1])
			}
			return err
		})
	}
}

// monitor asks what Jaeger's Monitor tab asks: for a service, and for each of its operations. The first orders are in
// Prometheus. More are needed for a rate.
func monitor(t *testing.T, s *systemtest.System) {
	t.Helper()
	buy(t, s, "--count", "5", "--failure", string(failure.KitchenReject)+","+string(failure.KitchenError))
	buy(t, s, "--count", "5")
	for _, service := range []string{"order", "kitchen", "loyalty"} {
		for _, what := range []string{"latencies", "calls", "errors"} {
			for _, group := range []string{"false", "true"} {
				query := fmt.Sprintf("/api/metrics/%s?service=%s&groupByOperation=%s&quantile=0.95&ratePer=600000&step=5000&lookback=60000",
					what, service, group) + "&spanKind=server&spanKind=consumer&spanKind=producer"
				await(t, func() error { return curve(t.Context(), s, query, group == "true") })
			}
		}
	}
}

func jaegerURL(s *systemtest.System) (url string) {
	for _, variable := range s.Env {
		if value, found := strings.CutPrefix(variable, "JAEGER_URL="); found {
			url = value
		}
	}
	return url
}

// curve returns an error if the answer has no point with a number.
func curve(ctx context.Context, s *systemtest.System, query string, operations bool) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, jaegerURL(s)+query, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	var answer struct {
		Metrics []struct {
			Labels       []struct{ Name, Value string }
			MetricPoints []struct{ GaugeValue struct{ DoubleValue any } }
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return fmt.Errorf("%s: %s: %w", query, resp.Status, err)
	}
	for _, m := range answer.Metrics {
		named := slices.ContainsFunc(m.Labels, func(l struct{ Name, Value string }) bool { return l.Name == "operation" && l.Value != "" })
		for _, point := range m.MetricPoints {
			if _, isNumber := point.GaugeValue.DoubleValue.(float64); isNumber && named == operations {
				return nil
			}
		}
	}
	return fmt.Errorf("%s: no number in %d curves", query, len(answer.Metrics))
}
