package broker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/rabbitmq/amqp091-go"
	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel/attribute"
)

const (
	heartbeat    = 10 * time.Second
	dialTimeout  = 5 * time.Second
	closeTimeout = time.Second
)

// session keeps one connection to RabbitMQ up. The library's own recovery stays off: after a reconnect it can
// ack a message that was never handled, and it takes a confirm that was lost for a nack. Here a connection that
// closes is thrown away with everything that hangs on it, and a stale ack fails, which is right.
type session struct {
	config  Config
	purpose string // "publish" or "consume": RabbitMQ may block the one for lack of memory, never both
	log     zerolog.Logger
	seen    *outages
	line    *line
}

// line is the network connection that a session has at the moment.
type line struct {
	mu  sync.Mutex
	now net.Conn
}

func (l *line) set(conn net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now = conn
}

// cut breaks the network connection without a word to RabbitMQ.
func (s *session) cut(marks ...attribute.KeyValue) {
	s.line.mu.Lock()
	defer s.line.mu.Unlock()
	if s.line.now != nil {
		s.seen.mark(s.purpose, marks)
		_ = s.line.now.Close()
	}
}

func newSession(config Config, purpose string) session {
	return session{config: config, purpose: purpose, log: config.Telemetry.Log, seen: newOutages(config), line: &line{}}
}

// run dials, calls work with the connection, and when work returns or the connection closes, does so again,
// with a jittered, growing pause between failures, until ctx ends. work must return when its context ends.
func (s *session) run(ctx context.Context, work func(ctx context.Context, conn *amqp091.Connection) error) {
	pauses := pauses{most: backOffMax}
	for ctx.Err() == nil {
		began := time.Now()
		err := s.once(ctx, work)
		if ctx.Err() != nil {
			return
		}
		s.seen.lost(s.purpose, err)
		pauses.after(began)
		wait(ctx, pauses.next())
	}
}

func (s *session) once(ctx context.Context, work func(context.Context, *amqp091.Connection) error) error {
	conn, wire, err := dial(ctx, s.config.URL, s.config.Service+" "+s.purpose)
	if err != nil {
		return err
	}
	s.line.set(wire)
	// A broker that is stuck must not keep a service from stopping.
	closeSoon := func() { _ = conn.CloseDeadline(time.Now().Add(closeTimeout)) }
	defer closeSoon()
	// Nor by a call that waits for its answer: once the work in hand had its time, the connection is closed under it.
	forced := context.AfterFunc(ctx, func() {
		wait(context.WithoutCancel(ctx), drainTimeout)
		closeSoon()
	})
	defer forced()
	closed := conn.NotifyClose(make(chan *amqp091.Error, 1))
	workCtx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watching := make(chan struct{})
	go func() {
		defer close(watching)
		select {
		case reason, ok := <-closed:
			if ok && reason != nil {
				cancel(fmt.Errorf("the connection was closed: %w", reason))
				return
			}
			cancel(errors.New("the connection was closed"))
		case <-workCtx.Done():
		}
	}()
	err = work(workCtx, conn)
	if err == nil || errors.Is(err, context.Canceled) {
		err = context.Cause(workCtx)
	}
	cancel(nil)
	<-watching
	return err
}

// Connection is a connection to RabbitMQ, for those who only pass it on.
type Connection = amqp091.Connection

// Dial opens a connection that carries a name, with a bounded time to connect. Errors do not show the password.
func Dial(ctx context.Context, url, name string) (*amqp091.Connection, error) {
	conn, _, err := dial(ctx, url, name)
	return conn, err
}

// dial is Dial, and returns the network connection as well.
func dial(ctx context.Context, url, name string) (*amqp091.Connection, net.Conn, error) {
	if err := CheckURL(url); err != nil {
		return nil, nil, err
	}
	plainURL, encryption, err := withoutTLS(url)
	if err != nil {
		return nil, nil, fmt.Errorf("connect to RabbitMQ at %s: %w", Address(url), err)
	}
	var wire net.Conn
	var guard *frameGuard
	handshake := func() bool { return true }
	config := amqp091.Config{
		Heartbeat:  heartbeat,
		Locale:     "en_US",
		Properties: amqp091.NewConnectionProperties(),
		Dial: func(network, address string) (net.Conn, error) {
			dialer := net.Dialer{Timeout: dialTimeout}
			conn, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			wire = conn
			// The library clears the deadline after the handshake.
			err = conn.SetDeadline(time.Now().Add(dialTimeout))
			// It does not listen to ctx. This deadline comes last, or the one above could undo it.
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
	return conn, wire, nil
}

// Address is host:port of an AMQP URL, without what is secret in it.
func Address(url string) string {
	uri, err := amqp091.ParseURI(url)
	if err != nil {
		return "an unreadable URL"
	}
	return fmt.Sprintf("%s:%d", uri.Host, uri.Port)
}

func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func replyCode(err error) int {
	if reply, ok := errors.AsType[*amqp091.Error](err); ok {
		return reply.Code
	}
	return 0
}
