package wire

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/rabbitmq/amqp091-go"
)

const (
	heartbeat = 10 * time.Second
	// DialTimeout bounds the time for connecting, and for one request to the management API.
	DialTimeout  = 5 * time.Second
	closeTimeout = time.Second
)

// Connection is a connection to RabbitMQ, for packages that only pass it on.
type Connection = amqp091.Connection

// Dial opens a connection with the given name, which RabbitMQ shows on its pages. It gives up after [DialTimeout], or when
// ctx ends. Errors do not contain the password.
func Dial(ctx context.Context, url, name string) (*Connection, error) {
	conn, _, err := Open(ctx, url, name)
	return conn, err
}

// Open is like [Dial], and also returns the network connection below.
func Open(ctx context.Context, url, name string) (*Connection, net.Conn, error) {
	if err := CheckURL(url); err != nil {
		return nil, nil, err
	}
	plainURL, encryption, err := withoutTLS(url)
	if err != nil {
		return nil, nil, fmt.Errorf("connect to RabbitMQ at %s: %w", Address(url), err)
	}
	var socket net.Conn
	var guard *frameGuard
	handshake := func() bool { return true }
	config := amqp091.Config{
		Heartbeat:  heartbeat,
		Locale:     "en_US",
		Properties: amqp091.NewConnectionProperties(),
		Dial: func(network, address string) (net.Conn, error) {
			dialer := net.Dialer{Timeout: DialTimeout}
			conn, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			socket = conn
			// amqp091-go clears the deadline after the handshake.
			err = conn.SetDeadline(time.Now().Add(DialTimeout))
			// amqp091-go does not watch ctx. This deadline is set last, or the one above could overwrite it.
			handshake = context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now()) })
			if encryption != nil && err == nil {
				conn, err = encrypted(ctx, conn, encryption)
			}
			guard = newFrameGuard(conn)
			return guard, err
		},
	}
	config.Properties.SetClientConnectionName(name)
	conn, err := amqp091.DialConfig(plainURL, config)
	handshake()
	if err != nil {
		return nil, nil, fmt.Errorf("connect to RabbitMQ at %s: %w", Address(url), err)
	}
	guard.limit.Store(int64(conn.Config.FrameSize))
	return conn, socket, nil
}

// Close closes the connection and waits at most one second for the broker's answer.
func Close(conn *Connection) { _ = conn.CloseDeadline(time.Now().Add(closeTimeout)) }

// CloseAfter closes the connection when ctx ends: a call that waits for a broker that hangs then returns. The returned
// function closes it now.
func CloseAfter(ctx context.Context, conn *Connection) func() {
	stop := context.AfterFunc(ctx, func() { Close(conn) })
	return func() { stop(); Close(conn) }
}

// ReplyCode is the reply code of an error of RabbitMQ, or 0 (https://www.rabbitmq.com/amqp-0-9-1-reference#constants).
func ReplyCode(err error) int {
	if reply, ok := errors.AsType[*amqp091.Error](err); ok {
		return reply.Code
	}
	return 0
}

// IsMissing reports whether the error says that RabbitMQ does not have the queue or exchange.
func IsMissing(err error) bool { return ReplyCode(err) == amqp091.NotFound }
