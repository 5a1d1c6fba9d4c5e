package conformance

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"traceria/telemetry/tracetree"
)

var update = flag.Bool("update", false, "write the golden files anew")

// recorded reads a recording of Node's amqplib instrumentation 0.70.0: a list of requests in OTLP JSON. Three baskets go from
// web to warehouse, and a parcel each goes on to mailer.
func recorded(t *testing.T, name string) []tracetree.Span {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var requests []json.RawMessage
	if err := json.Unmarshal(body, &requests); err != nil {
		t.Fatal(err)
	}
	var documents bytes.Buffer
	for _, request := range requests {
		documents.Write(request)
	}
	spans, err := tracetree.ReadOTLP(&documents)
	if err != nil {
		t.Fatal(err)
	}
	return spans
}

// sentBy reads from the send span what was sent.
func sentBy(t *testing.T, spans []tracetree.Span, message, consumer string) Sent {
	t.Helper()
	for _, s := range spans {
		if isSend(s) && s.Attributes["messaging.message_id"] == message {
			return Sent{
				TraceID: s.TraceID, SpanID: s.SpanID, Consumer: consumer, Queue: consumer, MessageID: message,
				Conversation: s.Attributes["messaging.conversation_id"].(string), Exchange: s.Attributes["messaging.destination"].(string),
				RoutingKey: s.Attributes["messaging.rabbitmq.routing_key"].(string),
			}
		}
	}
	t.Fatalf("message %s was not sent", message)
	return Sent{}
}

func printed(t *testing.T, verdicts []Verdict) string {
	t.Helper()
	var out strings.Builder
	if err := Print(&out, verdicts); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// The golden files have the verdicts on the messages of a recording: a plain one, one that is requeued once (m2), one with an
// error at the end (p3).
func TestVerdictsOnRecordedSpansOfNode(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"amqplib-links", "amqplib-parent"} {
		spans := recorded(t, name)
		var out strings.Builder
		for _, hop := range [][2]string{{"m1", "warehouse"}, {"m2", "warehouse"}, {"p3", "mailer"}} {
			sent := sentBy(t, spans, hop[0], hop[1])
			verdicts := Check(sent, spans, nil)
			if !Holds(verdicts) || Current(verdicts) {
				t.Errorf("%s %s: old conventions are expected, and nothing wrong", name, hop[0])
			}
			out.WriteString(hop[0] + " to " + hop[1] + "\n" + printed(t, verdicts) + "\n")
		}
		golden(t, name, out.String())
	}
}
