// Package peers compares otelamqp with other Go libraries for RabbitMQ: amqp091-go alone, go-rabbitmq and watermill-amqp. It
// is a module of its own, because only this comparison needs those libraries.
//
//	go test -C telemetry/otelamqp/peers -run '^$' -bench Peers -benchtime 1x -timeout 30m
package peers
