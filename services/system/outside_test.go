package system

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"traceria/services/system/systemtest"
	"traceria/telemetry"
	"traceria/telemetry/tracetree"
)

// The subscriber is a program that no other part knows. Its span is in the order's trace and conversation, and no
// service is changed or restarted.
func TestOutsideSubscriberJoinsTheConversation(t *testing.T) {
	s := systemtest.Up(t)
	ch := s.Channel(t)
	t.Cleanup(func() { _, _ = ch.QueueDelete("survey.order-delivered", false, false, false) })
	surveyJoins(t, s, s.Broker.URL)
}

func surveyJoins(t *testing.T, s *systemtest.System, amqp string) {
	t.Helper()
	program := filepath.Join(t.TempDir(), "survey")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, systemtest.InRepository(t, "services/system/testdata/survey"))
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	survey := exec.CommandContext(context.Background(), program) // the clean-up ends it with a signal
	survey.Env = append(slices.Clone(s.Env), "AMQP_URL="+amqp)
	said := &systemtest.Buffer{}
	survey.Stdout, survey.Stderr = said, said
	if err := survey.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = survey.Process.Signal(os.Interrupt)
		if err := survey.Wait(); err != nil {
			t.Errorf("the survey ended with %v:\n%s", err, said)
		}
	})
	systemtest.Eventually(t, time.Minute, "the survey listens", func() bool { return strings.Contains(said.String(), "listening") })
	order := s.Deliver(t)
	systemtest.Eventually(t, time.Minute, "the survey's span is in the order's trace", func() bool {
		spans, err := s.Jaeger.Conversation(t.Context(), order.OrderID)
		return err == nil && slices.ContainsFunc(spans, func(span tracetree.Span) bool {
			return span.Service == "survey" && span.Name == "process events:delivery.order-delivered.v1:survey.order-delivered" &&
				span.TraceID == order.TraceID && span.Attributes[string(telemetry.ConversationKey)] == order.OrderID
		})
	})
	if !strings.Contains(said.String(), order.OrderID) {
		t.Errorf("the survey did not print the order:\n%s", said)
	}
}
