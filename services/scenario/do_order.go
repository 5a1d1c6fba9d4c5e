package scenario

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"traceria/services/failure"
	"traceria/services/order/orderclient"
	"traceria/telemetry"
)

// place places the orders of a step.
func (t *run) place(ctx context.Context, s Step) error {
	for i := range max(1, s.Count) {
		one := &placed{at: time.Now()}
		var err error
		if one.order, err = t.placeOne(ctx, s); err != nil {
			return err
		}
		t.groups[s.Order] = append(t.groups[s.Order], one)
		if one.order.OrderID != "" && i < mostPlaced {
			t.Show.Detail(fmt.Sprintf("%s is %s (%s)", s.Order, one.order.OrderNumber, one.order.OrderID))
		}
	}
	if s.Count > mostPlaced {
		t.Show.Detail(fmt.Sprintf("… and %d more", s.Count-mostPlaced))
	}
	return nil
}

// mostPlaced is the number of orders of a step that are shown.
const mostPlaced = 10

func (t *run) placeOne(ctx context.Context, s Step) (orderclient.Order, error) {
	body, err := t.orderBody(s)
	if err != nil {
		return orderclient.Order{}, err
	}
	if s.Answer >= http.StatusBadRequest {
		return t.placeRefused(ctx, s, body)
	}
	header := http.Header{}
	if s.Dies {
		header.Set("Idempotency-Key", uuid.NewString())
	}
	if s.Failure != "" {
		header.Set(failure.Header, s.Failure)
	}
	order, err := t.System.Order.Do(ctx, http.MethodPost, "/order", header, body)
	if s.Dies {
		return t.askAgain(ctx, order, err, header, body)
	}
	return order, err
}

// placeRefused places an order that must be refused. Its trace is known from the answer.
func (t *run) placeRefused(ctx context.Context, s Step, body any) (orderclient.Order, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return orderclient.Order{}, err
	}
	header, answer, err := t.exchange(ctx, http.MethodPost, "order", "/order", text, s.Answer)
	if err != nil {
		return orderclient.Order{}, err
	}
	t.Show.Detail(fmt.Sprintf("the answer is %d: %s", s.Answer, strings.TrimSpace(string(answer))))
	parts := strings.Split(header.Get(telemetry.TraceResponseHeader), "-")
	if len(parts) < 2 {
		return orderclient.Order{}, errors.New("the answer has no traceresponse")
	}
	return orderclient.Order{OrderNumber: "that was refused", TraceID: parts[1]}, nil
}

// askAgain repeats a request whose answer was lost, until the service is back. The key makes it the same order.
func (t *run) askAgain(ctx context.Context, first orderclient.Order, lost error, header http.Header, body any) (order orderclient.Order, err error) {
	if lost == nil {
		return first, errors.New("the order was answered, but the process should die before the answer")
	}
	t.Show.Detail("no answer: " + lost.Error())
	header.Del(failure.Header)
	err = t.await(ctx, defaultWithin, func() (err error) {
		order, err = t.System.Order.Do(ctx, http.MethodPost, "/order", header, body)
		return err
	})
	return order, err
}

func (t *run) orderBody(s Step) (map[string]any, error) {
	body := orderclient.OneMargherita(t.customer)
	if s.Quantity > 0 {
		body["items"] = []map[string]any{{"itemName": "Margherita", "quantity": s.Quantity}}
	}
	if s.Address != "" {
		id, err := t.expand(s.Address)
		if err != nil {
			return nil, err
		}
		delete(body, "deliveryAddress")
		body["deliveryAddressId"] = id
	}
	return body, nil
}

// settle waits until each order has the status.
func (t *run) settle(ctx context.Context, s Step) error {
	group, err := t.group(s.Settle)
	if err != nil {
		return err
	}
	for _, one := range group {
		err := t.await(ctx, s.within(), func() error {
			now, err := t.System.Order.Get(ctx, one.order.OrderID)
			if err != nil {
				return err
			}
			if now.Status != s.status() {
				return fmt.Errorf("order %s is %s", now.OrderNumber, now.Status)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// request sends a request to a service.
func (t *run) request(ctx context.Context, s Step) error {
	line, err := t.expand(s.Request)
	if err != nil {
		return err
	}
	parts := strings.Fields(line)
	if len(parts) != 3 || t.System.Services[parts[1]] == "" {
		return fmt.Errorf("%q: want METHOD SERVICE PATH", s.Request)
	}
	text := []byte(nil)
	if s.Body != nil {
		plain, err := json.Marshal(s.Body)
		if err != nil {
			return err
		}
		expanded, err := t.expand(string(plain))
		if err != nil {
			return err
		}
		text = []byte(expanded)
	}
	exchange := func(ctx context.Context) ([]byte, error) {
		_, answer, err := t.exchange(ctx, parts[0], parts[1], parts[2], text, cmp.Or(s.Answer, http.StatusOK))
		return answer, err
	}
	if s.Grows != "" {
		return t.grows(ctx, s, exchange)
	}
	answer, err := exchange(ctx)
	if err != nil {
		return err
	}
	return t.save(s.Save, answer)
}

// exchange sends a request and wants an answer with the status.
func (t *run) exchange(ctx context.Context, method, service, path string, body []byte, status int) (http.Header, []byte, error) {
	got, err := send(ctx, method, t.System.Services[service]+path, body)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", service, err)
	}
	if got.status != status {
		return nil, nil, fmt.Errorf("%s answers %d, want %d: %.300s", service, got.status, status, got.text)
	}
	return got.header, got.text, nil
}

// save keeps an answer under a name.
func (t *run) save(name string, text []byte) error {
	if name == "" {
		return nil
	}
	var answer map[string]any
	if err := json.Unmarshal(text, &answer); err != nil {
		return fmt.Errorf("the answer is no JSON object: %w", err)
	}
	t.saved[name] = answer
	return nil
}
