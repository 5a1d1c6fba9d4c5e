package pizzeria

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"traceria/services/host"
)

// readiness is what a service says of itself when it is ready, and nothing when it is not or is away.
func readiness(ctx context.Context, config host.Config, service string) (now host.Readiness) {
	code, body, err := Get(ctx, config.URLs[service]+"/readyz")
	if err != nil || code != http.StatusOK || json.Unmarshal(body, &now) != nil {
		return host.Readiness{}
	}
	return now
}

// Ready asks a service, which says itself what it waits for, and what stays in its outbox.
func Ready(ctx context.Context, address string) (string, error) {
	code, body, err := Get(ctx, address+"/readyz")
	if err != nil {
		return "", err
	}
	if code == http.StatusOK {
		return remark(body), nil
	}
	var problem host.Problem
	if json.Unmarshal(body, &problem) == nil && problem.Detail != "" {
		return "", fmt.Errorf("not ready: %s", problem.Detail)
	}
	return "", fmt.Errorf("answers %d", code)
}

// remark is what a service that is ready has to say all the same.
func remark(body []byte) string {
	var now host.Readiness
	if json.Unmarshal(body, &now) != nil {
		return ""
	}
	var remarks []string
	if now.Outbox != nil {
		if events := kept(*now.Outbox); len(events) > 0 {
			remarks = append(remarks, "events in its outbox: "+strings.Join(events, ", "))
		}
	}
	if now.Flags != "" {
		remarks = append(remarks, now.Flags)
	}
	return strings.Join(remarks, "; ")
}

// kept says how many events stay in an outbox, and why.
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
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil, fmt.Errorf("does not answer: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	return response.StatusCode, body, err
}
