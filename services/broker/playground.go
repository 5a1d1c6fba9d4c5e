package broker

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	rabbithole "github.com/michaelklishin/rabbit-hole/v3"
	"github.com/rabbitmq/amqp091-go"
)

// Borrow returns the AMQP URL of a place on the broker that nobody else uses, and a function that gives it back.
//
// That is a virtual host of its own where the management API lets us make one; otherwise the virtual host of
// amqpURL, if the pizzeria's queues in it are absent, or empty and without consumers. A system that runs or has
// work waiting there would lose events to the borrower, so that is an error.
func Borrow(ctx context.Context, amqpURL, managementURL, name string, known Topology) (string, func(), error) {
	borrowed, back, err := ownVirtualHost(ctx, amqpURL, managementURL, name)
	if err == nil {
		return borrowed, back, nil
	}
	if busy := known.busy(ctx, amqpURL); busy != nil {
		return "", nil, busy
	}
	return amqpURL, func() {}, nil
}

func ownVirtualHost(ctx context.Context, amqpURL, managementURL, name string) (string, func(), error) {
	uri, err := url.Parse(amqpURL)
	if err != nil {
		return "", nil, err
	}
	api, err := url.Parse(managementURL)
	if err != nil {
		return "", nil, err
	}
	password, _ := api.User.Password()
	bare := *api
	bare.User = nil
	client, err := rabbithole.NewClient(strings.TrimSuffix(bare.String(), "/"), api.User.Username(), password)
	if err != nil {
		return "", nil, err
	}
	client.SetTimeout(dialTimeout)
	back := func() {
		_ = answered(func() (*http.Response, error) { return client.DeleteVhost(name) })
	}
	if err := answered(func() (*http.Response, error) {
		return client.PutVhost(name, rabbithole.VhostSettings{Description: "made by traceria play, which removes it"})
	}); err != nil {
		return "", nil, err
	}
	if err := answered(func() (*http.Response, error) {
		return client.UpdatePermissionsIn(name, uri.User.Username(),
			rabbithole.Permissions{Configure: ".*", Write: ".*", Read: ".*"})
	}); err != nil {
		back()
		return "", nil, err
	}
	uri.Path = "/" + name
	conn, err := Dial(ctx, uri.String(), "traceria play") // the management API may be another broker's
	if err != nil {
		back()
		return "", nil, err
	}
	return uri.String(), back, conn.Close()
}

// answered makes a call and turns a status that is not a success into an error.
func answered(call func() (*http.Response, error)) error {
	response, err := call()
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("the management API answers %s", response.Status)
	}
	return nil
}

// busy is an error when somebody uses the queues, or the broker cannot be asked.
func (t Topology) busy(ctx context.Context, amqpURL string) error {
	conn, err := Dial(ctx, amqpURL, "traceria play")
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	for _, s := range t.Subscriptions {
		used := false
		if _, err := stands(conn, func(ch *amqp091.Channel) error {
			queue, err := ch.QueueDeclarePassive(s.Queue(), true, false, false, false, nil)
			used = err == nil && (queue.Consumers > 0 || queue.Messages > 0)
			return err
		}); err != nil {
			return fmt.Errorf("look at queue %s: %w", s.Queue(), err)
		}
		if used {
			return fmt.Errorf("queue %s at %s has consumers or messages: a pizzeria works there already, and would lose events. "+
				"Use traceria buy --wait and traceria trace instead, or let the management API make a virtual host (RABBITMQ_MANAGEMENT_URL)",
				s.Queue(), Address(amqpURL))
		}
	}
	return nil
}
