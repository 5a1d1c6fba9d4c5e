package keeper_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rabbitmq/amqp091-go"

	"traceria/services/broker"
	"traceria/services/broker/brokertest"
	"traceria/services/topology"
)

// The console can look at every queue, read every dead letter and return it to its subscription. Through the management API it
// sees the queues, and it may change nothing there.
func (h *house) testConsole(t *testing.T) {
	h.sweep(t)
	var queues []string
	for _, s := range h.topology.Subscriptions {
		queues = append(queues, s.Queue(), s.DeadQueue())
		for _, delay := range s.Delays() {
			queues = append(queues, s.RetryQueue(delay))
		}
	}
	conn := h.as(t, topology.Console)
	counts, refused, err := broker.Count(conn, queues)
	if err != nil || len(refused) > 0 || len(counts) != len(slices.Compact(slices.Sorted(slices.Values(queues)))) {
		t.Errorf("it counts %d of %d queues, and may not look at %v: %v", len(counts), len(queues), refused, err)
	}
	config := brokertest.At(t, h.url(t, topology.Console)).Config()
	for _, s := range h.topology.Subscriptions {
		id := "dead in " + s.Queue()
		letter := amqp091.Publishing{MessageId: id, Body: []byte("dead")}
		if err := publish(t, h.as(t, s.Subscriber), s.DeadExchange(), s.Queue(), letter); err != nil {
			t.Fatal(err)
		}
		letters, err := broker.ShowDead(t.Context(), conn, s, 10)
		if err != nil || len(letters) != 1 || letters[0].MessageID != id {
			t.Errorf("%s: the letters are %v, %v", s.Queue(), letters, err)
		}
		left, err := broker.Redrive(t.Context(), conn, config, s, broker.Selection{Most: 10, MessageID: id}, func(broker.Redriven) {})
		if err != nil || left != 0 {
			t.Errorf("%s: %d left, %v", s.Queue(), left, err)
		}
		checkTakes(t, h.as(t, s.Subscriber), s.Queue(), "dead")
	}
	h.checkManagement(t)
}

// checkManagement checks what the management API allows the console.
func (h *house) checkManagement(t *testing.T) {
	t.Helper()
	brokertest.Eventually(t, "the management API lists the queues", func() bool {
		status, body := h.manage(t, http.MethodGet, "/api/queues/%2F?columns=name", "")
		var all []struct{ Name string }
		return status == http.StatusOK && json.Unmarshal([]byte(body), &all) == nil && len(all) == len(h.topology.Definitions().Queues)
	})
	for _, try := range []struct{ method, path, body string }{
		{http.MethodGet, "/api/users", ""},
		{http.MethodGet, "/api/definitions", ""},
		{http.MethodGet, "/api/permissions", ""},
		{http.MethodPut, "/api/users/intruder", `{"password":"x","tags":"administrator"}`},
		{http.MethodPut, "/api/permissions/%2F/console", `{"configure":".*","write":".*","read":".*"}`},
		{http.MethodPut, "/api/policies/%2F/forger", `{"pattern":".*","definition":{"message-ttl":1}}`},
		{http.MethodPut, "/api/queues/%2F/forger", `{"durable":true}`},
		{http.MethodDelete, "/api/queues/%2F/kitchen.order-confirmed", ""},
		{http.MethodDelete, "/api/queues/%2F/kitchen.order-confirmed/contents", ""},
		{http.MethodPost, "/api/queues/%2F/kitchen.order-confirmed/get", `{"count":1,"ackmode":"ack_requeue_false","encoding":"auto"}`},
		{http.MethodPost, "/api/exchanges/%2F/events/publish", `{"properties":{},"routing_key":"order.order-confirmed.v2","payload":"x","payload_encoding":"string"}`},
		{http.MethodPost, "/api/bindings/%2F/e/events/q/kitchen.order-confirmed", `{"routing_key":"order.forged.v1"}`},
	} {
		status, body := h.manage(t, try.method, try.path, try.body)
		if status != http.StatusUnauthorized && status != http.StatusForbidden && !strings.Contains(body, "ACCESS_REFUSED") {
			t.Errorf("the console may %s %s: %d %s", try.method, try.path, status, body)
		}
	}
}

// manage sends a request to the management API as the console.
func (h *house) manage(t *testing.T, method, path, body string) (int, string) {
	t.Helper()
	api, err := url.Parse(h.server.ManagementURL)
	if err != nil {
		t.Fatal(err)
	}
	login, err := url.Parse(h.url(t, topology.Console))
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), method, fmt.Sprintf("http://%s%s", api.Host, path), strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	password, _ := login.User.Password()
	request.SetBasicAuth(login.User.Username(), password)
	request.Header.Set("Content-Type", "application/json")
	client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	return answerOf(t, &client, request)
}

func answerOf(t *testing.T, client *http.Client, request *http.Request) (int, string) {
	t.Helper()
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}
