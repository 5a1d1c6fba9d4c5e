package rabbitmqtest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/rabbitmq/amqp091-go"
)

// startTime is how long a broker may take to start: 5 to 16 s are usual, a busy machine takes longer.
const startTime = 2 * time.Minute

// ready waits until the broker speaks AMQP and its management API answers.
func (b *Broker) ready(run *process) error {
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		err := errors.Join(b.speaksAMQP(), b.managementAnswers(ctx))
		if err == nil {
			return nil
		}
		select {
		case <-run.exited:
			return fmt.Errorf("the broker ended at its start: %s", run.tail())
		case <-ctx.Done():
			return fmt.Errorf("the broker was not ready within %s: %w: %s", startTime, err, run.tail())
		case <-tick.C:
		}
	}
}

func (b *Broker) speaksAMQP() error {
	conn, err := amqp091.Dial(b.URL)
	if err != nil {
		var refused *amqp091.Error
		if errors.As(err, &refused) && refused.Code == amqp091.AccessRefused {
			return nil // it speaks; who may enter is not what is asked here
		}
		return err
	}
	return conn.Close()
}

// Version returns the version that the broker gives to every connection, such as "4.3.6".
func (b *Broker) Version(tb testing.TB) string {
	tb.Helper()
	conn, err := amqp091.Dial(b.URL)
	if err != nil {
		tb.Fatalf("rabbitmqtest: ask the broker for its version: %v", err)
	}
	defer conn.Close() //nolint:errcheck // nothing is under way on it
	version, _ := conn.Properties["version"].(string)
	return version
}

func (b *Broker) managementAnswers(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.ManagementURL+"/api/overview", nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	if resp.StatusCode >= http.StatusInternalServerError {
		err = fmt.Errorf("management API: %s", resp.Status)
	}
	return errors.Join(err, resp.Body.Close())
}

// freePorts returns an AMQP port and a management port such that these, and the two that rabbitmq.sh derives, are free.
// They lie below the range from which the kernel takes ports for connections.
func freePorts() (amqp, management int, err error) {
	for range 100 {
		amqp = 10500 + rand.IntN(2000) //nolint:gosec // a port, not a secret
		management = amqp + 2100
		if free(amqp) && free(management) && free(amqp+metricsAbove) && free(amqp+20000) && free(epmdPort(amqp)) {
			return amqp, management, nil
		}
	}
	return 0, 0, errors.New("found no free ports for a broker")
}

// metricsAbove is the distance of the port of the metrics from that of AMQP.
const metricsAbove = 4200

// epmdPort is where rabbitmq.sh puts the Erlang port mapper.
func epmdPort(amqp int) int { return amqp + 30000 }

func free(port int) bool {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))) //nolint:noctx // it does not block
	if err != nil {
		return false
	}
	return l.Close() == nil
}

// stopEpmd ends the port mapper that a killed broker leaves behind. It refuses while a broker uses it.
func stopEpmd(s settings) {
	cmd := s.release.command("epmd", "-kill")
	cmd.Env = append(os.Environ(), "ERL_EPMD_PORT="+strconv.Itoa(epmdPort(s.port)), "ERL_EPMD_ADDRESS=127.0.0.1")
	_ = cmd.Run() // usually nothing is left
}
