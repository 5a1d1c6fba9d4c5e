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

	"traceria/services/broker/wire"
	"traceria/services/wait"
)

// session keeps one connection to RabbitMQ open. It does not use the recovery of amqp091-go, which can ack a message that
// was not handled, and reports a lost confirm as a nack. A closed connection is discarded with its channels, and a late
// ack fails.
type session struct {
	config  Config
	purpose string // "publish" or "consume": RabbitMQ blocks connections that publish when it is short of memory
	log     zerolog.Logger
	seen    *outages
	line    *line
}

// line is the present network connection of a session.
type line struct {
	mu  sync.Mutex
	now net.Conn
}

func (l *line) set(conn net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now = conn
}

// cut closes the network connection without closing the AMQP connection first. The marks go on the span of the reconnection.
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

// run dials and calls work with the connection. It repeats that until ctx ends, with a back-off between failures. work must
// return when its context ends.
func (s *session) run(ctx context.Context, work func(ctx context.Context, conn *amqp091.Connection) error) {
	var pauses wire.Pauses
	s.seen.begin(ctx, s.purpose)
	for ctx.Err() == nil {
		began := time.Now()
		err := s.once(ctx, work)
		if ctx.Err() != nil {
			return
		}
		s.seen.lost(s.purpose, err)
		pauses.After(began)
		_ = wait.For(ctx, pauses.Next())
	}
}

func (s *session) once(ctx context.Context, work func(context.Context, *amqp091.Connection) error) error {
	conn, socket, err := wire.Open(ctx, s.config.URL, s.config.Service+" "+s.purpose)
	if err != nil {
		return err
	}
	s.line.set(socket)
	defer wire.Close(conn)
	// A call may wait for an answer of a broker that hangs. Closing the connection ends it, after the handlers had their time.
	drained, stop := wait.Longer(ctx, drainTimeout)
	defer stop()
	forced := context.AfterFunc(drained, func() { wire.Close(conn) })
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

// awaitStanding waits until look finds nothing missing. It calls waiting with what is missing after each look, and with nil
// at the end.
func (s *session) awaitStanding(ctx context.Context, waiting func(error), look func() ([]string, error)) error {
	var pauses wire.Pauses
	for {
		missing, err := look()
		if err != nil {
			return err
		}
		err = missingError(missing)
		waiting(err)
		if err == nil {
			return nil
		}
		s.seen.lost(s.purpose, err)
		if err := wait.For(ctx, pauses.Next()); err != nil {
			return err
		}
	}
}
