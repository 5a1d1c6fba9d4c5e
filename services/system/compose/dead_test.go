package compose

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// management calls RabbitMQ's management API as the operator, with the password that the README shows how to get.
const management = `curl -s --fail -u "operator:$(docker compose exec rabbitmq cat /credentials/operator/password)" "$RABBITMQ_MANAGEMENT_URL/api/%s" %s`

// count is a line of traceria dead list --json.
type count struct {
	Queue    string `json:"queue"`
	Messages int    `json:"messages"`
}

// deadLetters redrives what the kitchen cannot handle: an order whose failure is cleared, and the README's empty event.
func deadLetters(t *testing.T, p *system) {
	p.failure(t, "set kitchen.poison --customer you")
	p.place(t, 1)
	p.dead(t, "kitchen.ticket-opened", 1)
	p.run(t, "docker compose exec kitchen /traceria dead list")
	p.run(t, "docker compose exec kitchen /traceria dead show kitchen.ticket-opened")
	p.failure(t, "clear")
	p.run(t, "docker compose exec kitchen /traceria dead redrive kitchen.ticket-opened")
	p.settled(t, p.orders, time.Minute)
	p.dead(t, "kitchen.ticket-opened", 0)

	p.run(t, fmt.Sprintf(management, "exchanges/%2F/events/publish",
		`-d '{"routing_key":"order.order-confirmed.v2","payload":"{}","payload_encoding":"string","properties":{}}'`))
	p.dead(t, "kitchen.order-confirmed", 1)
	p.run(t, "docker compose exec topology /traceria dead list")
	p.run(t, "docker compose exec kitchen /traceria dead redrive kitchen.order-confirmed")
	p.dead(t, "kitchen.order-confirmed", 1) // it is unreadable, and stays so
	for _, queue := range []string{"kitchen.order-confirmed", "delivery.order-confirmed"} {
		p.run(t, fmt.Sprintf(management, "queues/%2F/"+queue+".dead/contents", "-X DELETE"))
	}
}

// dead waits until a subscription has so many dead letters.
func (p *system) dead(t *testing.T, queue string, want int) {
	t.Helper()
	line := "docker compose exec topology /traceria dead list --json"
	for limit := time.Now().Add(time.Minute); ; time.Sleep(500 * time.Millisecond) {
		out, err := p.try(t.Context(), line)
		if err != nil {
			t.Fatal(err)
		}
		got := 0
		for _, one := range parse[[]count](t, out) {
			if one.Queue == queue {
				got = one.Messages
			}
		}
		if got == want {
			return
		}
		if time.Now().After(limit) {
			t.Fatalf("%s has %d dead letters, want %d:\n%s", queue, got, want, strings.TrimSpace(out))
		}
	}
}

// deletedQueue deletes a queue as the README does, with an order in it.
func deletedQueue(t *testing.T, p *system) {
	p.run(t, "docker compose stop kitchen")
	p.place(t, 1)
	p.run(t, fmt.Sprintf(management, "queues/%2F/kitchen.order-confirmed", "-X DELETE"))
	p.run(t, "docker compose start kitchen")
	p.settled(t, p.orders, time.Minute)
}
