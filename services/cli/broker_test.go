package cli

import (
	"bytes"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"traceria/services/order/journey"
)

// A frozen broker takes connections, because the kernel does, and answers nothing.
func TestCommandsDoNotWaitForABrokerThatHangs(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	t.Setenv("AMQP_URL", "amqp://guest:guest@"+listener.Addr().String()+"/")
	t.Setenv("TRACERIA_DATA", t.TempDir())
	var running sync.WaitGroup
	defer running.Wait()
	for _, command := range []string{
		"dead list", "dead list --json", "dead show kitchen.order-confirmed", "dead redrive kitchen.order-confirmed", "topology apply",
	} {
		running.Go(func() {
			root := newRoot()
			var out bytes.Buffer
			root.SetOut(&out)
			root.SetErr(&out)
			root.SetArgs(strings.Fields(command))
			began := time.Now()
			err := root.ExecuteContext(t.Context())
			if err == nil || !strings.Contains(err.Error(), "RabbitMQ at "+listener.Addr().String()+" has not answered for 4s") {
				t.Errorf("%s: got %v", command, err)
			}
			if took := time.Since(began); took > 3*answerTime/2 {
				t.Errorf("%s: it took %s", command, took)
			}
		})
	}
}

// Users know orders and traces, not conversations.
func TestTraceNamesWhatJaegerDoesNotHave(t *testing.T) {
	jaeger := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/api/v3/traces/") {
			w.WriteHeader(http.StatusNotFound)
			_, _ = w.Write([]byte(`{"error":{"httpCode":404,"message":"trace not found"}}`))
			return
		}
		_, _ = w.Write([]byte(`{"services":[]}`))
	}))
	defer jaeger.Close()
	t.Setenv("JAEGER_URL", jaeger.URL)
	for id, want := range map[string]string{
		"01993c5e-7a4f-7c1e-9b57-6f1b2f6b7a10": "order 01993c5e-7a4f-7c1e-9b57-6f1b2f6b7a10: not found in Jaeger at http://",
		"4bf92f3577b34da6a3ce929d0e0e4736":     "trace 4bf92f3577b34da6a3ce929d0e0e4736: not found in Jaeger at http://",
		"staff-ada":                            "staff member ada: not found in Jaeger at http://",
	} {
		root := newRoot()
		root.SetArgs([]string{"trace", id, "--wait", "0s"})
		err := root.ExecuteContext(t.Context())
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "conversation") {
			t.Errorf("%s: got %v, want %q", id, err, want)
		}
	}
}

func TestBuyPrintsTheOrderNumber(t *testing.T) {
	orders := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"orderId":"o-1","orderNumber":"ORD17","status":"created","traceId":"t"}`))
	}))
	defer orders.Close()
	t.Setenv("ORDER_URL", orders.URL)
	root := newRoot()
	var out bytes.Buffer
	root.SetOut(&out)
	root.SetArgs([]string{"buy"})
	if err := root.ExecuteContext(t.Context()); err != nil || !strings.HasPrefix(out.String(), "order ORD17 o-1  trace t") {
		t.Errorf("got %q, %v", out.String(), err)
	}
}

// The sources tell what happened at different times, so a line may be older than the one above it.
func TestALateLineOfTheStorySaysSo(t *testing.T) {
	t.Parallel()
	s, out := pipedStory(1)
	for _, f := range []struct {
		after time.Duration
		text  string
	}{{time.Second, "first"}, {3 * time.Second, "second"}, {2 * time.Second, "late"}, {3 * time.Second, "same"}, {4 * time.Second, "lines\nof text"}} {
		s.Fact(&journey.Journey{}, journey.Fact{At: s.began.Add(f.after), Word: "word", Text: f.text})
	}
	want := "first\nsecond\nlate (known only now)\nsame\nlines; of text\n"
	var got strings.Builder
	for line := range strings.Lines(out.String()) {
		got.WriteString(strings.TrimLeft(line[strings.Index(line, "word")+len("word"):], " "))
	}
	if got.String() != want {
		t.Errorf("got\n%s\nwant\n%s", got.String(), want)
	}
}
