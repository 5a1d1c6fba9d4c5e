package system

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"traceria/services/broker"
	"traceria/services/console"
	"traceria/services/console/journeys"
	"traceria/services/order/orderclient"
	"traceria/services/system/systemtest"
	"traceria/telemetry/tracetree"
)

// shown is a journey of the console, as far as the tests read it.
type shown struct {
	Row       journeys.Row        `json:"row"`
	Source    string              `json:"source"`
	Waterfall tracetree.Waterfall `json:"waterfall"`
	Missing   *struct {
		Gaps []struct{ Expected, Place, Where string } `json:"gaps"`
	} `json:"missing"`
	Path *struct {
		Steps []any `json:"steps"`
	} `json:"path"`
}

// journey reads a journey of the console, by any of its ids.
func journey(t *testing.T, s *systemtest.System, id string) (found shown) {
	t.Helper()
	s.Get(t, "console", "/api/journeys/"+id, &found)
	return found
}

// awaitJourney waits until the console says that the order has this state.
func awaitJourney(t *testing.T, s *systemtest.System, orderID string, state journeys.State) {
	t.Helper()
	var listed struct {
		Journeys []journeys.Row `json:"journeys"`
	}
	systemtest.Eventually(t, 30*time.Second, fmt.Sprintf("the journey is %s", state), func() bool {
		s.Get(t, "console", "/api/journeys?id="+orderID, &listed)
		return len(listed.Journeys) == 1 && listed.Journeys[0].State == state
	})
}

// The console has an order from the Collector's spans, its event from an outbox, its end from the contracts, and the queues from
// the broker.
func TestConsoleKnowsTheSystem(t *testing.T) {
	s := systemtest.Up(t)
	order := s.Deliver(t)
	awaitJourney(t, s, order.OrderID, journeys.Done)
	found := journey(t, s, order.OrderID)
	if found.Missing != nil || found.Source != "memory" || found.Path == nil {
		t.Errorf("a delivered order lacks %+v, is from %q, and has the path %v", found.Missing, found.Source, found.Path)
	}
	if byNumber := journey(t, s, order.OrderNumber); byNumber.Row.ID != order.OrderID {
		t.Errorf("%s is the journey %s", order.OrderNumber, byNumber.Row.ID)
	}
	i := slices.IndexFunc(found.Waterfall.Rows, func(r tracetree.Row) bool { return r.Name == "send events:order.order-confirmed.v2" })
	if i < 0 {
		t.Fatalf("no send of OrderConfirmed among %d rows", len(found.Waterfall.Rows))
	}
	row := found.Waterfall.Rows[i]
	var span struct {
		Message     *console.Message `json:"message"`
		MessageNote string           `json:"messageNote"`
	}
	s.Get(t, "console", fmt.Sprintf("/api/journeys/%s/spans/%s/%s", order.OrderID, row.TraceID, row.SpanID), &span)
	if span.Message == nil || span.Message.Source != "outbox of order" || !strings.Contains(string(span.Message.Data), order.OrderID) {
		t.Errorf("the message of the span is %+v (%s)", span.Message, span.MessageNote)
	}
	var queues struct {
		Broker struct {
			Reachable bool   `json:"reachable"`
			Detail    string `json:"detail"`
		} `json:"broker"`
		Queues []console.Queue `json:"queues"`
	}
	systemtest.Eventually(t, 30*time.Second, "every queue has its consumer", func() bool {
		s.Get(t, "console", "/api/queues", &queues)
		return queues.Broker.Reachable && queues.Broker.Detail == "" && len(queues.Queues) > 10 &&
			!slices.ContainsFunc(queues.Queues, func(q console.Queue) bool { return q.Consumers == 0 })
	})
	// Looking added nothing to the order's story.
	if again := journey(t, s, order.OrderID); len(again.Waterfall.Rows) != len(found.Waterfall.Rows) {
		t.Errorf("after the looks the journey has %d spans, before %d", len(again.Waterfall.Rows), len(found.Waterfall.Rows))
	}
}

// An order dies in the kitchen. The console says so and where, shows the letter, and returns this one of two to its queue, with a
// span of its own in the order's trace.
func TestConsoleRedrivesOneLetter(t *testing.T) {
	s := systemtest.Up(t)
	const queue = "kitchen.ticket-opened"
	ch := s.Channel(t)
	t.Cleanup(func() { _, _ = ch.QueuePurge(queue+".dead", false) })
	var orders []string
	for range 2 {
		order, err := s.Client().Do(t.Context(), http.MethodPost, "/order", http.Header{"X-Traceria-Failure": {"kitchen.poison"}}, orderclient.OneMargherita("dead-in-console"))
		if err != nil {
			t.Fatal(err)
		}
		orders = append(orders, order.OrderID)
	}
	for _, id := range orders {
		awaitJourney(t, s, id, journeys.Dead)
	}
	found := journey(t, s, orders[0])
	if found.Missing == nil || len(found.Missing.Gaps) == 0 || found.Missing.Gaps[0].Place != "dead" || !strings.Contains(found.Missing.Gaps[0].Where, queue+".dead") {
		t.Errorf("the dead order lacks %+v", found.Missing)
	}
	var letters []console.Letter
	systemtest.Eventually(t, 30*time.Second, "both letters are shown", func() bool {
		s.Get(t, "console", "/api/dead/"+queue+"?limit=10", &letters)
		return len(letters) == 2
	})
	i := slices.IndexFunc(letters, func(l console.Letter) bool { return l.ConversationID == orders[0] })
	if i < 0 || letters[i].Body == nil || letters[i].FailedSpan == "" {
		t.Fatalf("the letters are %+v", letters)
	}
	sent := post[[]broker.Redriven](t, s, "/api/dead/"+queue+"/redrive", fmt.Sprintf(`{"messageId":%q}`, letters[i].MessageID))
	if len(sent) != 1 || sent[0].ConversationID != orders[0] {
		t.Errorf("redriven %+v", sent)
	}
	systemtest.Eventually(t, 30*time.Second, "the redrive is a span of the console in the order's journey, and the message is dead again", func() bool {
		now := journey(t, s, orders[0])
		return now.Row.State == journeys.Dead && slices.ContainsFunc(now.Waterfall.Rows, func(r tracetree.Row) bool {
			return r.Service == console.Name && r.Name == "send kitchen.retry:"+queue && string(r.TraceID) == sent[0].TraceID
		})
	})
	if now := journey(t, s, orders[1]); now.Row.Redriven != 0 {
		t.Errorf("the other letter was redriven, too: %+v", now.Row)
	}
	// The command does the same.
	out, err := s.Traceria("dead", "redrive", queue, "--message", letters[1-i].MessageID, "--json")
	if err != nil || json.Unmarshal([]byte(out), &sent) != nil || len(sent) != 1 || sent[0].ConversationID != orders[1] {
		t.Errorf("redriven %s, %v", out, err)
	}
	_, err = s.Traceria("dead", "redrive", queue, "--message", "no-such-message")
	if systemtest.ExitCode(err) != 1 || !strings.Contains(err.Error(), `no dead letter of message "no-such-message"`) {
		t.Errorf("a message that is not there: %v", err)
	}
}

// post sends a command to the console and decodes its answer.
func post[T any](t *testing.T, s *systemtest.System, path, body string) (answer T) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+s.Addresses["console"]+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode >= http.StatusBadRequest || json.Unmarshal(text, &answer) != nil {
		t.Fatalf("POST %s: %s %s", path, response.Status, text)
	}
	return answer
}
