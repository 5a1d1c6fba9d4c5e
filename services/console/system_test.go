package console_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"traceria/services/broker"
	"traceria/services/console"
	"traceria/telemetry/tracetree"
)

// counter stands for the order service. It refuses the customer "unwelcome", and does not answer for "away".
type counter struct {
	mu     sync.Mutex
	bodies []string
	failed []string
	wait   chan struct{} // if set, Place waits for it
}

func (*counter) Menu(context.Context) (json.RawMessage, error) {
	return json.RawMessage(`{"items":[{"itemName":"Margherita"}]}`), nil
}

func (s *counter) Place(ctx context.Context, body json.RawMessage, headers http.Header) (int, json.RawMessage, error) {
	s.mu.Lock()
	s.bodies = append(s.bodies, string(body))
	s.failed = append(s.failed, headers.Get("X-Traceria-Failure"))
	s.mu.Unlock()
	if s.wait != nil {
		select {
		case <-s.wait:
		case <-ctx.Done():
			return 0, nil, ctx.Err()
		}
	}
	switch {
	case strings.Contains(string(body), `"unwelcome"`):
		return 422, json.RawMessage(`{"status":422,"title":"Invalid request","field":"customerId"}`), nil
	case strings.Contains(string(body), `"away"`):
		return 0, nil, errors.New("dial tcp: secret refused")
	}
	return 202, json.RawMessage(`{"orderId":"o-1"}`), nil
}

func (s *counter) placed() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.bodies)
}

func TestOrdersArePlaced(t *testing.T) {
	t.Parallel()
	orders := &counter{}
	c := runWith(t, console.System{Counter: orders})
	if status, body := c.call(t, http.MethodGet, "/api/menu", ""); status != 200 || !strings.Contains(body, "Margherita") {
		t.Errorf("menu: %d %s", status, body)
	}
	for _, step := range []struct {
		body, want string
		status     int
	}{
		{`{"customerId":"anna","items":[{"itemName":"Margherita","quantity":1}]}`, `{"orders":[{"orderId":"o-1"}],"refused":[]}`, 202},
		{`{"count":1,"customerId":"unwelcome"}`, `{"status":422,"title":"Invalid request","field":"customerId"}`, 422},
		{`{"count":1,"customerId":"away"}`, `{"status":503,"title":"Order service unavailable"`, 503},
		{`{"count":0}`, "from 1 to 50", 422},
		{`{"count":51}`, "from 1 to 50", 422},
		{`{"failure":"kitchen.slwo"}`, "did you mean kitchen.slow", 422},
		{`{"failure":"loyalty.down"}`, "everyone", 422},
		{`{"count":"x"}`, "whole number", 400},
		{`[]`, "object", 400},
	} {
		status, body := c.call(t, http.MethodPost, "/api/orders", step.body)
		if status != step.status || !strings.Contains(body, step.want) || strings.Contains(body, "secret") {
			t.Errorf("%s: %d %s, want %d %s", step.body, status, body, step.status, step.want)
		}
	}
	before := orders.placed()
	status, body := c.call(t, http.MethodPost, "/api/orders", `{"count":50,"customerId":"anna","failure":"kitchen.slow=10s"}`)
	if got := strings.Count(body, "orderId"); status != 202 || got != 50 || orders.placed() != before+50 {
		t.Errorf("50 orders: %d, %d answers, %d placed", status, got, orders.placed()-before)
	}
	if last := orders.failed[len(orders.failed)-1]; last != "kitchen.slow=10s" {
		t.Errorf("the failure is %q", last)
	}
	traces := map[string]bool{}
	for _, span := range c.memory.Spans() {
		if span.Name == "place order" {
			traces[span.TraceID] = true
			if len(span.Links) != 1 {
				t.Errorf("%d links, want that to the request", len(span.Links))
			}
		}
	}
	if len(traces) != 50 {
		t.Errorf("50 orders are in %d traces", len(traces))
	}
}

func TestASteadyLoadRunsAndEnds(t *testing.T) {
	t.Parallel()
	orders := &counter{}
	c := runWith(t, console.System{Counter: orders})
	type status struct {
		Running         bool
		Placed, Refused int
		PerSecond       float64
	}
	now := func() status {
		code, body := c.call(t, http.MethodGet, "/api/load", "")
		return read[status](t, code, body)
	}
	for body, says := range map[string]string{
		`{"perSecond":0,"seconds":1}`: "from 0.1 to 50", `{"perSecond":51,"seconds":1}`: "from 0.1 to 50", `{"perSecond":1,"seconds":601}`: "from 1 to 600",
		`{"perSecond":1}`: "from 1 to 600", `{"perSecond":1,"seconds":1,"failure":"x"}`: "unknown key",
	} {
		if code, answer := c.call(t, http.MethodPut, "/api/load", body); code != 422 || !strings.Contains(answer, says) {
			t.Errorf("%s: %d %s", body, code, answer)
		}
	}
	code, body := c.call(t, http.MethodPut, "/api/load", `{"perSecond":50,"seconds":1,"customerId":"anna"}`)
	if got := read[status](t, code, body); !got.Running || got.PerSecond != 50 {
		t.Errorf("got %+v", got)
	}
	eventually(t, "the load ends", func() bool { return !now().Running })
	if got := now(); got.Placed < 25 || got.Placed > 52 || got.Refused != 0 || got.Placed != orders.placed() {
		t.Errorf("50 a second for a second: %+v, %d placed", got, orders.placed())
	}
	c.call(t, http.MethodPut, "/api/load", `{"perSecond":50,"seconds":600,"customerId":"unwelcome"}`)
	eventually(t, "orders are refused", func() bool { return now().Refused > 3 })
	code, body = c.call(t, http.MethodDelete, "/api/load", "")
	if got := read[status](t, code, body); got.Running || got.Placed != 0 {
		t.Errorf("after the end: %+v", got)
	}
	after := orders.placed()
	time.Sleep(200 * time.Millisecond)
	if more := orders.placed() - after; more > 1 {
		t.Errorf("%d orders after the end", more)
	}
}

// The rate of an open loop does not depend on how fast the other side answers. What cannot be started is counted.
func TestALoadDoesNotWaitForAnswersAndStops(t *testing.T) {
	t.Parallel()
	orders := &counter{wait: make(chan struct{})}
	c := runWith(t, console.System{Counter: orders})
	c.call(t, http.MethodPut, "/api/load", `{"perSecond":50,"seconds":600}`)
	eventually(t, "100 orders are under way, and others are refused", func() bool {
		code, body := c.call(t, http.MethodGet, "/api/load", "")
		return orders.placed() == 100 && read[struct{ Refused int }](t, code, body).Refused > 3
	})
	began := time.Now()
	if err := c.stop(); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("the stop took %s", took)
	}
}

// queues stands for the broker.
type queues struct{ err error }

func (q queues) List(context.Context) ([]console.Queue, string, error) {
	return []console.Queue{
		{Queue: "kitchen.order-created", Ready: 30, InPerSecond: 1, OutPerSecond: 4},
		{Queue: "empty"},
		{Queue: "growing", Ready: 1, InPerSecond: 2, OutPerSecond: 1},
	}, "no rates", q.err
}

func (q queues) Letters(_ context.Context, queue string, limit int) ([]console.Letter, error) {
	if queue != "kitchen.order-created" {
		return nil, fmt.Errorf("%q: %w", queue, console.ErrNoQueue)
	}
	return make([]console.Letter, limit), q.err
}

func (q queues) Redrive(_ context.Context, queue, messageID string) ([]broker.Redriven, error) {
	if messageID == "none" {
		return nil, console.ErrNoLetter
	}
	return make([]broker.Redriven, 1), q.err
}

func TestQueuesAndDeadLetters(t *testing.T) {
	t.Parallel()
	c := runWith(t, console.System{Queues: queues{}})
	status, body := c.call(t, http.MethodGet, "/api/queues", "")
	got := read[struct {
		Broker struct {
			Reachable bool
			Detail    string
		}
		Queues []struct{ DrainMS, OldestMS *float64 }
	}](t, status, body)
	if !got.Broker.Reachable || got.Broker.Detail != "no rates" || *got.Queues[0].DrainMS != 10_000 || *got.Queues[1].DrainMS != 0 || got.Queues[2].DrainMS != nil {
		t.Errorf("got %s", body)
	}
	for request, want := range map[string]int{
		"GET /api/dead/kitchen.order-created?limit=3": 200, "GET /api/dead/none": 404, "GET /api/dead/kitchen.order-created?limit=0": 422,
		"POST /api/dead/kitchen.order-created/redrive": 200,
	} {
		method, path, _ := strings.Cut(request, " ")
		if status, body := c.call(t, method, path, ""); status != want {
			t.Errorf("%s: %d %s", request, status, body)
		}
	}
	for body, want := range map[string]int{`{}`: 200, `{"messageId":"m"}`: 200, `{"messageId":""}`: 422, `{"messageId":"none"}`: 404, `{"messageId":7}`: 400} {
		if status, answer := c.call(t, http.MethodPost, "/api/dead/kitchen.order-created/redrive", body); status != want {
			t.Errorf("%s: %d %s, want %d", body, status, answer, want)
		}
	}
	if r := c.listen(t, "topics=queues"); !strings.Contains(r.next(t, "queues").data, `"queue":"growing"`) {
		t.Error("the stream has no queues")
	}
	away := runWith(t, console.System{Queues: queues{errors.New("RabbitMQ does not answer")}})
	if status, body := away.call(t, http.MethodGet, "/api/queues", ""); status != 200 || body != `{"broker":{"reachable":false,"detail":"RabbitMQ does not answer"},"queues":[]}`+"\n" {
		t.Errorf("without a broker: %d %s", status, body)
	}
	if status, body := away.call(t, http.MethodGet, "/api/dead/kitchen.order-created", ""); status != 503 || !strings.Contains(body, "RabbitMQ does not answer") {
		t.Errorf("without a broker: %d %s", status, body)
	}
}

func TestSwitchesAreNoticedAndCounted(t *testing.T) {
	t.Parallel()
	c := run(t, false)
	type switched struct {
		Key     string
		Variant *string
	}
	changes := func() []switched {
		status, body := c.call(t, http.MethodGet, "/api/switches", "")
		return read[[]switched](t, status, body)
	}
	time.Sleep(700 * time.Millisecond) // the first look at the file
	c.call(t, http.MethodPut, "/api/failures/kitchen.slow", `{"variant":"10s"}`)
	eventually(t, "the switch is noticed", func() bool { return len(changes()) == 1 })
	c.call(t, http.MethodPut, "/api/failures/kitchen.error", `{"unmarked":true}`) // a mystery
	c.call(t, http.MethodDelete, "/api/failures/kitchen.slow", "")
	eventually(t, "the end of the switch is noticed", func() bool { return len(changes()) == 2 })
	if got := changes(); got[0].Key != "kitchen.slow" || got[0].Variant != nil || *got[1].Variant != "10s" {
		t.Errorf("got %+v", got)
	}
	status, body := c.call(t, http.MethodGet, "/api/board", "")
	type card struct {
		Key, JaegerURL, Breaks, Repair, Refused string
		Active                                  any
		Hits                                    struct{ Orders int }
	}
	board := read[[]card](t, status, body)
	at := func(key string) card {
		return board[slices.IndexFunc(board, func(c card) bool { return c.Key == key })]
	}
	if got := at("kitchen.error"); got.Active != nil || got.Breaks == "" || got.Repair == "" {
		t.Errorf("a switch without marks is on the board: %+v", got)
	}
	if got := at("kitchen.poison").JaegerURL; got != "http://127.0.0.1:16686/search?limit=20&lookback=1h&service=kitchen&"+
		"tags=%7B%22traceria.failure%22%3A%22kitchen.poison%22%2C%22traceria.message.settled%22%3A%22dead%22%7D" {
		t.Errorf("the search is %s", got)
	}
	spans := order("o-1", "anna", 0, time.Now())
	spans[2].Attributes["traceria.failure"], spans[2].Attributes["traceria.injected"] = "kitchen.slow", true
	c.feed(t, spans...)
	c.rows(t, "failure=kitchen.slow", 1)
	status, body = c.call(t, http.MethodGet, "/api/board", "")
	board = read[[]card](t, status, body)
	if got := at("kitchen.slow").Hits.Orders; got != 1 {
		t.Errorf("%d hits, want 1", got)
	}
	if failure := c.journey(t, "o-1")["failures"].([]any)[0].(map[string]any); failure["key"] != "kitchen.slow" || failure["spans"].([]any)[0] != spans[2].SpanID {
		t.Errorf("the failure of the journey is %v", failure)
	}
}

func TestACrashIsRefusedOnTheBoardOfOneProcess(t *testing.T) {
	t.Parallel()
	c := run(t, true)
	status, body := c.call(t, http.MethodGet, "/api/board", "")
	for _, card := range read[[]struct {
		Key     string
		Crash   bool
		Refused string
	}](t, status, body) {
		if card.Crash != (card.Refused != "") {
			t.Errorf("%+v", card)
		}
	}
}

func TestOlderJourneysComeFromJaeger(t *testing.T) {
	t.Parallel()
	c := runWith(t, console.System{
		Older: func(_ context.Context, id string) ([]tracetree.Span, error) {
			switch id {
			case "old":
				return order("old", "anna", 7, time.Now().Add(-time.Hour)), nil
			case "away":
				return nil, errors.New("Jaeger does not answer")
			}
			return nil, tracetree.ErrNotFound
		},
		Number: func(_ context.Context, number string) (string, error) {
			if number == "ORD17" {
				return "old", nil
			}
			return "", errors.New("no such number")
		},
		Missing: func(context.Context, string, []tracetree.Span) any { return map[string]string{"unseen": "x"} },
		Message: func(_ context.Context, service, id string) (console.Message, error) {
			return console.Message{Source: "outbox of " + service, Body: id}, nil
		},
		Declared: func(m tracetree.Map) any { return m },
	})
	for _, id := range []string{"old", "ORD17"} {
		journey := c.journey(t, id)
		if row := journey["row"].(map[string]any); journey["source"] != "jaeger" || row["id"] != "old" || row["state"] != "done" || row["source"] != "otlp" {
			t.Errorf("%s: %v", id, journey["row"])
		}
	}
	spans := order("old", "anna", 7, time.Now())
	status, body := c.call(t, http.MethodGet, "/api/journeys/old/spans/"+spans[2].TraceID+"/"+spans[2].SpanID, "")
	if status != 200 || !strings.Contains(body, `"message":{"source":"outbox of order","body":"old.v1"}`) || !strings.Contains(body, "?uiFind="+spans[2].SpanID) {
		t.Errorf("%d %s", status, body)
	}
	for id, says := range map[string]string{"none": "want a conversation", "away": "Jaeger does not answer", "ORD18": "no such number"} {
		if status, body := c.call(t, http.MethodGet, "/api/journeys/"+id, ""); status != 404 || !strings.Contains(body, says) {
			t.Errorf("%s: %d %s", id, status, body)
		}
	}
	if found := c.rows(t, "", 0); found.Total != 0 {
		t.Error("a journey from Jaeger is kept")
	}
	c.feed(t, order("o-1", "anna", 0, time.Now())...)
	c.rows(t, "", 1)
	if missing := c.journey(t, "o-1")["missing"]; missing == nil {
		t.Error("what is missing is not told")
	}
	status, body = c.call(t, http.MethodGet, "/api/map?since=1h", "")
	if m := read[map[string]any](t, status, body); m["journeys"] != 1.0 || m["declaredNotSeen"] == nil || len(m["edges"].([]any)) == 0 {
		t.Errorf("the map is %s", body)
	}
}

func TestPartsAreTold(t *testing.T) {
	t.Parallel()
	c := runWith(t, console.System{Version: "1.2.3", Parts: func(context.Context) console.Parts {
		return console.Parts{Parts: []console.Part{{Name: "rabbitmq", Healthy: true}}}
	}})
	if _, body := c.call(t, http.MethodGet, "/api/parts", ""); !strings.HasPrefix(body, `{"parts":[{"name":"rabbitmq","healthy":true`) || !strings.Contains(body, `"streams":0`) {
		t.Errorf("got %s", body)
	}
	if _, body := c.call(t, http.MethodGet, "/api/about", ""); !strings.Contains(body, `"version":"1.2.3"`) ||
		!strings.Contains(body, `"parts":{"counter":false,"failures":true,"jaeger":false,"parts":true,"queues":false,"scenarios":false}`) {
		t.Errorf("got %s", body)
	}
	if r := c.listen(t, "topics=parts"); !strings.Contains(r.next(t, "parts").data, "rabbitmq") {
		t.Error("the stream has no parts")
	}
}
