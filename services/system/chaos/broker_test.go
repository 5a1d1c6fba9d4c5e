package chaos

import (
	"testing"
	"time"
)

// RabbitMQ is killed, as by a power failure, and restarted after some orders.
func rabbitmqKilled() fault {
	return fault{name: "rabbitmq-killed", begins: 0.4, inject: func(t *testing.T, p *trial) {
		p.EndBroker(t, p.Broker.Kill)
		p.orders.awaitAccepted(t, chaosOrders(t)/10) // orders are accepted without a broker
		p.StartBroker(t)
	}}
}

// paused is longer than a heartbeat, so clients see neither answers nor a closed connection.
const paused = 10 * time.Second

// RabbitMQ is paused with SIGSTOP while its connections stay open.
func rabbitmqPaused() fault {
	return fault{name: "rabbitmq-paused", begins: 0.4, inject: func(t *testing.T, p *trial) {
		resume := p.PauseBroker(t)
		time.Sleep(paused)
		resume()
	}}
}
