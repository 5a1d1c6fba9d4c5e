package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"traceria/services/broker"
	"traceria/services/broker/wire"
	"traceria/services/host"
	"traceria/services/pizzeria"
	"traceria/telemetry/otelamqp/rabbitmqtest"
)

// A broker that freezes after the connection was opened answers no question. Its connection stays open.
func TestABrokerThatFreezesAmidACommandIsNoticed(t *testing.T) {
	server := rabbitmqtest.Start(t)
	t.Setenv("AMQP_URL", server.URL)
	cmd := &cobra.Command{Use: "dead"}
	cmd.SetContext(t.Context())
	began := time.Now()
	err := withBroker(cmd, func(conn *wire.Connection, _ host.Config) error {
		if err := server.Pause(); err != nil {
			t.Fatal(err)
		}
		began = time.Now()
		_, err := broker.CountDead(conn, pizzeria.Known())
		return err
	})
	took := time.Since(began)
	if err := server.Resume(); err != nil {
		t.Error(err)
	}
	if err == nil || !strings.Contains(err.Error(), "has not answered for 4s") || took > 2*answerTime {
		t.Errorf("after %s: %v", took, err)
	}
}
