package host

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"traceria/services/event"
	"traceria/services/failure"
	"traceria/telemetry"
)

// peerTime limits a call to another service.
const peerTime = 5 * time.Second

// Ask calls another service in a client span and decodes the JSON answer. A nil body sends no body. An unreachable peer
// or a 5xx gives [event.ErrUnavailable], which holds the event and spends no attempt.
func (h *Host) Ask(ctx context.Context, service, method, path string, body, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, peerTime)
	defer cancel()
	var content io.Reader = http.NoBody
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("encode the request to %s: %w", service, err)
		}
		content = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, h.Config.URLs[service]+path, content)
	if err != nil {
		return fmt.Errorf("call %s: %w", service, telemetry.WithoutURL(err))
	}
	req.Header.Set("Content-Type", "application/json")
	client := http.Client{Transport: h.Telemetry.Transport(http.DefaultTransport)}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("%w: call %s: %w", event.ErrUnavailable, service, telemetry.WithoutURL(err))
	}
	defer func() { _ = resp.Body.Close() }()
	Suffer(ctx, resp)
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	switch {
	case err != nil:
		return fmt.Errorf("%w: read the answer of %s: %w", event.ErrUnavailable, service, err)
	case resp.StatusCode >= http.StatusInternalServerError:
		return fmt.Errorf("%w: %s answered %s", event.ErrUnavailable, service, resp.Status)
	case resp.StatusCode >= http.StatusMultipleChoices:
		return fmt.Errorf("%s answered %s to %s %s", service, resp.Status, method, path)
	}
	if err := json.Unmarshal(text, answer); err != nil {
		return fmt.Errorf("read the answer of %s: %w", service, err)
	}
	return nil
}

// Suffer marks the current span as one that suffers from the failure that a service has injected into its answer, if any.
func Suffer(ctx context.Context, answer *http.Response) {
	failure.Suffer(ctx, answer.Header.Get(injectedHeader))
}

// Fill completes a sparse confirmation with GET /order/{id}. A fat confirmation needs no call and is returned
// unchanged.
func (h *Host) Fill(ctx context.Context, fact event.Confirmation) (event.Confirmation, error) {
	if !fact.Sparse {
		return fact, nil
	}
	var order struct {
		OrderNumber     string         `json:"orderNumber"`
		OrderValue      event.Money    `json:"orderValue"`
		Items           []event.Item   `json:"items"`
		DeliveryAddress *event.Address `json:"deliveryAddress"`
	}
	if err := h.Ask(ctx, "order", http.MethodGet, "/order/"+url.PathEscape(fact.OrderID), nil, &order); err != nil {
		return fact, err
	}
	fact.OrderNumber, fact.Items, fact.Value = order.OrderNumber, order.Items, order.OrderValue.Value
	fact.DeliveryAddress = order.DeliveryAddress
	return fact, nil
}
