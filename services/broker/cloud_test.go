package broker_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rabbitmq/amqp091-go"

	"traceria/services/broker"
	"traceria/services/broker/brokertest"
	"traceria/services/broker/wire"
	"traceria/services/event"
	"traceria/telemetry/tracetree"
)

// switched is a bundle whose format changes while it runs.
func switched(t *testing.T) (b *brokertest.Bundle, choose func(format string)) {
	t.Helper()
	b = brokertest.New(t)
	var format atomic.Value
	format.Store(event.MetadataFormat)
	b.Choices = func(context.Context) event.Choices { return event.Choices{Format: format.Load().(string)} }
	return b, func(f string) { format.Store(f) }
}

// The format is chosen when an event is sent. Properties and headers are the same in both formats, except the content type.
func TestTheFormatIsChosenForEachEventAsItIsSent(t *testing.T) {
	t.Parallel()
	b, choose := switched(t)
	s := brokertest.Boxed(nil)
	p := b.Publisher(t, b.Apply(t, s))
	for i, format := range []string{event.CloudEventsFormat, event.MetadataFormat, event.CloudEventsFormat} {
		choose(format)
		o := brokertest.Outgoing(t, "o-1")
		brokertest.Send(t, p, o)
		d := b.Take(t, s.Queue())
		read, err := event.DecodeAs(d.ContentType, d.Body)
		if err != nil {
			t.Fatal(err)
		}
		if cloud := format == event.CloudEventsFormat; (read.Cloud != nil) != cloud || (d.ContentType == "application/cloudevents+json") != cloud {
			t.Errorf("event %d in the form %s has content type %s: %s", i, format, d.ContentType, d.Body)
		}
		m := o.Envelope.Metadata
		if diff := cmp.Diff([]string{m.MessageID(), "o-1", "OrderBoxed", "kitchen"}, []string{d.MessageId, d.CorrelationId, d.Type, d.AppId}); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		if parent := d.Headers["traceparent"]; read.Metadata.TraceParent == "" || parent != read.Metadata.TraceParent {
			t.Errorf("headers have %v, the envelope %q", parent, read.Metadata.TraceParent)
		}
	}
	for _, span := range b.Memory.Spans() {
		_, said := span.Attributes["cloudevents.event_type"]
		if want := strings.HasPrefix(span.Name, "send") && span.Attributes["messaging.message.id"] == span.Attributes["cloudevents.event_id"]; said && !want {
			t.Errorf("%s says %v", span.Name, span.Attributes)
		}
	}
}

// A CloudEvent without headers is handled as a child of its send span and retried unchanged. Its spans have its attributes.
func TestACloudEventIsHandledAndRetriedUnderItsSend(t *testing.T) {
	t.Parallel()
	b, choose := switched(t)
	choose(event.CloudEventsFormat)
	var calls atomic.Int32
	s := brokertest.Boxed(func(_ context.Context, e event.Envelope) error {
		if _, err := event.Data[event.OrderBoxed](e); err != nil || calls.Add(1) == 1 {
			return errors.Join(errors.New("the car does not start"), err)
		}
		return nil
	})
	p := b.Publisher(t, b.Apply(t, s))
	o := brokertest.Outgoing(t, "o-1")
	brokertest.Send(t, p, o)
	sent := b.Take(t, s.Queue())
	b.Put(t, s, amqp091.Publishing{ContentType: sent.ContentType, Body: sent.Body}) // no headers at all
	b.Consumer(t, s)
	acked := b.Settled(t, "ack")
	creation := spanNamed(t, b, "send events:kitchen.order-boxed.v1")
	for _, span := range []tracetree.Span{b.Settled(t, "retry"), acked} {
		if span.TraceID != creation.TraceID || span.ParentID != creation.SpanID {
			t.Errorf("attempt %v is under %s, want %s", span.Attributes["traceria.delivery.attempt"], span.ParentID, creation.SpanID)
		}
	}
	for _, span := range []tracetree.Span{creation, acked} {
		for key, want := range map[string]any{
			"cloudevents.event_id": o.Envelope.Metadata.MessageID(), "cloudevents.event_source": "urn:traceria:service:kitchen",
			"cloudevents.event_type": "traceria.kitchen.order-boxed.v1", "cloudevents.event_spec_version": "1.0", "cloudevents.event_subject": "o-1",
			"traceria.conversation": "o-1",
		} {
			if got := span.Attributes[key]; got != want {
				t.Errorf("%s: %s is %v, want %v", span.Name, key, got, want)
			}
		}
	}
}

// An unreadable CloudEvent becomes a dead letter, which is shown with the attributes that can be read.
func TestADeadCloudEventIsShownByTypeAndVersion(t *testing.T) {
	t.Parallel()
	const cloud = `{"specversion":"1.0","id":"e-1.v1","source":"urn:traceria:service:kitchen","type":"traceria.kitchen.order-boxed.v1","correlationid":"o-1","data":{}}`
	for name, c := range map[string]struct{ body, event, version, conversation, want string }{
		"no order":      {cloud, "OrderBoxed", "v1", "o-1", "orderId is missing"},
		"other version": {strings.Replace(cloud, "boxed.v1", "boxed.v9", 1), "traceria.kitchen.order-boxed", "v9", "o-1", "want OrderBoxed v1"},
		"foreign": {
			`{"specversion":"1.0","id":"A234","source":"https://github.com/cloudevents/spec/pull","type":"com.github.pull_request.opened","datacontenttype":"text/xml","data":"<much wow=\"xml\"/>"}`,
			"com.github.pull_request.opened", "", "", "want OrderBoxed v1",
		},
		"no CloudEvent": {`{"metadata":{"eventType":"OrderBoxed","version":"v1","eventId":"e-1"},"data":{"orderId":"o-1"}}`, "OrderBoxed", "v1", "", "specversion is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := brokertest.New(t)
			s := brokertest.Boxed(func(_ context.Context, e event.Envelope) error {
				_, err := event.Data[event.OrderBoxed](e)
				return err
			})
			b.Apply(t, s)
			b.Put(t, s, amqp091.Publishing{ContentType: event.CloudEventsContentType, Body: json.RawMessage(c.body)})
			b.Consumer(t, s)
			b.Settled(t, "dead")
			var letters []broker.Letter
			brokertest.Eventually(t, "the letter is dead", func() bool {
				var err error
				letters, err = broker.ShowDead(t.Context(), b.Conn(t), s.Subscription, 2)
				return err == nil && len(letters) == 1
			})
			l := letters[0]
			if l.Event != c.event || l.Version != c.version || l.ConversationID != c.conversation || l.Reason != broker.ReasonUnreadable || !strings.Contains(l.Error, c.want) {
				t.Errorf("got %+v, want %+v", l, c)
			}
		})
	}
}

// A CloudEvent in binary mode keeps its headers through retries and in the dead letter, is shown and is redriven.
func TestABinaryCloudEventIsRetriedShownAndRedriven(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	var calls, done atomic.Int32
	s := brokertest.Boxed(func(_ context.Context, e event.Envelope) error {
		boxed, err := event.Data[event.OrderBoxed](e)
		switch {
		case err != nil || boxed.OrderID != "o-1" || e.Metadata.EventID != "e-7" || e.Metadata.Source != "kitchen":
			return broker.Dead(errors.Join(err, errors.New("the event is another one")))
		case calls.Add(1) == 1:
			return errors.New("the car does not start")
		case calls.Load() == 2:
			return broker.Dead(errors.New("there is no such street"))
		}
		done.Add(1)
		return nil
	})
	b.Apply(t, s)
	b.Put(t, s, amqp091.Publishing{ContentType: "application/json", Body: []byte(`{"orderId":"o-1"}`), Headers: amqp091.Table{
		"ce-specversion": "1.0", "ce-id": "e-7.v1", "ce-source": "urn:traceria:service:kitchen", "ce-type": "traceria.kitchen.order-boxed.v1", "ce-correlationid": "o-1",
		"ce-traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
	}})
	b.Consumer(t, s)
	b.Settled(t, "dead")
	var letters []broker.Letter
	brokertest.Eventually(t, "the letter is dead", func() bool {
		var err error
		letters, err = broker.ShowDead(t.Context(), b.Conn(t), s.Subscription, 2)
		return err == nil && len(letters) == 1
	})
	if l := letters[0]; l.Event != "OrderBoxed" || l.Version != "v1" || l.ConversationID != "o-1" || l.Error != "there is no such street" {
		t.Errorf("got %+v", l)
	}
	var redriven broker.Redriven
	if _, err := broker.Redrive(t.Context(), b.Conn(t), b.Config(), s.Subscription, broker.Selection{Most: 10}, func(one broker.Redriven) { redriven = one }); err != nil {
		t.Fatal(err)
	}
	if redriven.ConversationID != "o-1" || redriven.TraceID != "0af7651916cd43dd8448eb211c80319c" {
		t.Errorf("got %+v, want the order and the trace of the attributes", redriven)
	}
	brokertest.Eventually(t, "it is handled", func() bool { return done.Load() == 1 })
}

// A message is the same event when the headers of others are cut.
func TestCutHeadersAreNotPartOfTheEvent(t *testing.T) {
	t.Parallel()
	for _, prefix := range []string{"cloudEvents:", "cloudEvents_", "ce-"} {
		headers := amqp091.Table{"other": "x"}
		for name, value := range map[string]string{
			"specversion": "1.0", "id": "e-7.v1", "source": "urn:traceria:service:kitchen", "type": "traceria.kitchen.order-boxed.v1",
			"time": "2024-01-30T12:00:00Z", "correlationid": "o-1", "causationid": "c-1", "subject": "o-1", "dataschema": "urn:s", "comexample": "x",
			"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "tracestate": "v=1", "baggage": "a=b", "datacontenttype": "text/xml",
		} {
			headers[prefix+name] = value
		}
		whole, err := event.DecodeMessage("", headers, []byte(`<data orderId="o-1"/>`))
		if err != nil {
			t.Fatal(err)
		}
		cut := wire.WithoutForeign(headers)
		rest, err := event.DecodeMessage("", cut, []byte(`<data orderId="o-1"/>`))
		if err != nil {
			t.Fatalf("%v: %v", cut, err)
		}
		diff := cmp.Diff([]any{whole.Metadata, string(whole.Data)}, []any{rest.Metadata, string(rest.Data)})
		if diff != "" || whole.Metadata.CausationID == "" || whole.Metadata.Baggage == "" || cut[prefix+"comexample"] != nil {
			t.Errorf("%v (-whole +cut)\n%s", cut, diff)
		}
	}
}

// A CloudEvent in binary mode whose headers fill the frame is retried. The headers that it does not need are cut.
func TestABinaryCloudEventKeepsItsAttributesWhenCut(t *testing.T) {
	t.Parallel()
	b := brokertest.New(t)
	seen := make(chan string, 10)
	s := brokertest.Boxed(func(_ context.Context, e event.Envelope) error {
		if seen <- e.Identity().String(); len(seen) < 2 {
			return errors.New("the car does not start")
		}
		return nil
	})
	b.Apply(t, s)
	b.Put(t, s, amqp091.Publishing{ContentType: "application/json", Body: []byte(`{"orderId":"o-1"}`), Headers: amqp091.Table{
		"cloudEvents:specversion": "1.0", "cloudEvents:id": "e-7", "cloudEvents:source": "//till", "cloudEvents:type": "traceria.kitchen.order-boxed.v1",
		"cloudEvents:big": strings.Repeat("x", 130_830),
	}})
	b.Consumer(t, s)
	b.Settled(t, "ack")
	if first, again := <-seen, <-seen; first != "//till e-7" || again != first {
		t.Errorf("the attempts got %q and %q", first, again)
	}
}
