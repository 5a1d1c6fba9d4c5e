package pizzeria

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"time"

	"traceria/services/host"
	"traceria/telemetry"
)

// readiness returns the readiness of a service, or nothing if it is not ready.
func readiness(ctx context.Context, config host.Config, service string) host.Readiness {
	now, _ := readinessAt(ctx, config.URLs[service])
	return now
}

// readinessAt asks the service at an address. The error says why it is not ready.
func readinessAt(ctx context.Context, address string) (now host.Readiness, err error) {
	code, body, err := Get(ctx, address+"/readyz")
	if err != nil {
		return now, err
	}
	if code == http.StatusOK {
		return decodeReadiness(body), nil
	}
	var problem host.Problem
	if json.Unmarshal(body, &problem) == nil && problem.Detail != "" {
		return now, fmt.Errorf("not ready: %s", problem.Detail)
	}
	return now, fmt.Errorf("answers %d", code)
}

// decodeReadiness returns nothing for a body of another form.
func decodeReadiness(body []byte) (now host.Readiness) {
	if json.Unmarshal(body, &now) != nil {
		return host.Readiness{}
	}
	return now
}

// Ready checks the service at an address. remark says what is unusual although it is ready. The error says what it waits for.
func Ready(ctx context.Context, address string) (remark string, err error) {
	now, err := readinessAt(ctx, address)
	return remarkOn(now), err
}

// remarkOn says what is unusual about a service that is ready.
func remarkOn(now host.Readiness) string {
	var remarks []string
	if now.Outbox != nil {
		if n := now.Outbox.Waiting; n > 0 {
			remarks = append(remarks, host.Plural(n, "event waits", "events wait")+" in its outbox")
		}
		if events := kept(*now.Outbox); len(events) > 0 {
			remarks = append(remarks, "events in its outbox: "+strings.Join(events, ", "))
		}
	}
	for _, h := range now.Hung {
		remarks = append(remarks, fmt.Sprintf("a handler of %s has hung since %s", h.Queue, h.Since.Format(time.RFC3339)))
	}
	if n := now.Telemetry.Spans; n > 0 {
		remarks = append(remarks, host.Plural(int(n), "span was dropped", "spans were dropped")+" since its start")
	}
	if now.Flags != "" {
		remarks = append(remarks, now.Flags)
	}
	return strings.Join(remarks, "; ")
}

// kept counts the events that stay in an outbox, by reason.
func kept(outbox host.Outbox) (remarks []string) {
	for _, kind := range []struct {
		n   int
		why string
	}{
		{outbox.Unroutable, "that no queue wants"},
		{outbox.Refused, "that RabbitMQ refused"},
		{outbox.Unreadable, "that cannot be read"},
	} {
		if kind.n > 0 {
			remarks = append(remarks, fmt.Sprintf("%d %s", kind.n, kind.why))
		}
	}
	return remarks
}

// Get reads at most 64 KiB from address and returns the status code and the body.
func Get(ctx context.Context, address string) (int, []byte, error) {
	return get(ctx, address, 64<<10, nil)
}

// get reads at most most bytes.
func get(ctx context.Context, address string, most int64, header http.Header) (int, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, nil, telemetry.WithoutURL(err)
	}
	maps.Copy(request.Header, header)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil, fmt.Errorf("does not answer: %w", telemetry.WithoutURL(err))
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, most))
	return response.StatusCode, body, err
}

// AllReady returns a check that says which services are not ready.
func AllReady(config host.Config) func(context.Context) error {
	return func(ctx context.Context) error {
		var wrong []error
		for _, service := range All() {
			if _, err := Ready(ctx, config.URLs[service.Name]); err != nil {
				wrong = append(wrong, fmt.Errorf("%s at %s: %w", service.Name, telemetry.Redacted(config.URLs[service.Name]), err))
			}
		}
		return errors.Join(wrong...)
	}
}
