package chaos

import (
	"testing"
	"time"
)

// RabbitMQ dies like a machine that loses its power, and is back some seconds later.
func rabbitmqKilled() fault {
	return fault{name: "rabbitmq-killed", begins: 0.4, inject: func(t *testing.T, p *trial) {
		p.EndBroker(t, p.Broker.Kill)
		p.orders.awaitAccepted(t, chaosOrders(t)/10) // the customers do not notice
		p.StartBroker(t)
	}}
}

// paused is longer than a heartbeat: to its clients a broker that is stopped so long is neither there nor gone.
const paused = 10 * time.Second

// RabbitMQ is stopped in its tracks, with every connection open, and goes on.
func rabbitmqPaused() fault {
	return fault{name: "rabbitmq-paused", begins: 0.4, inject: func(t *testing.T, p *trial) {
		resume := p.PauseBroker(t)
		time.Sleep(paused)
		resume()
	}}
}
