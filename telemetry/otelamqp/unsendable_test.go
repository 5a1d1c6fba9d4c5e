package otelamqp_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"traceria/telemetry/otelamqp"
	"traceria/telemetry/otelamqp/rabbitmqtest"

	"github.com/rabbitmq/amqp091-go"
)

// loss is the effect of a message on amqp091-go without otelamqp.
type loss int

const (
	connectionLost loss = iota // of the publisher
	consumerLost               // the connection of each consumer that gets the message
	refusedByTheClient
	altered // the message arrives with another value
)

type unsendable struct {
	message otelamqp.Message
	says    string // part of the error
	loss    loss
}

func nested(depth int) any {
	var v any = "x"
	for i := range depth {
		if i%2 == 0 {
			v = []any{v}
		} else {
			v = amqp091.Table{"k": v}
		}
	}
	return v
}

func withHeaders(h amqp091.Table) otelamqp.Message {
	m := event()
	m.Publishing.Headers = h
	return m
}

// unsendables has one message for each limit of AMQP and amqp091-go.
func unsendables() map[string]unsendable {
	long := strings.Repeat("é", 128) // 256 bytes
	all := map[string]unsendable{
		"long header key":        {withHeaders(amqp091.Table{long: "x"}), "header key", connectionLost},
		"long header key inside": {withHeaders(amqp091.Table{"a": []any{amqp091.Table{long: "x"}}}), `at most 255 are allowed in header "a"`, connectionLost},
		"uint64":                 {withHeaders(amqp091.Table{"a": uint64(1)}), `type uint64 in header "a"`, refusedByTheClient},
		"map":                    {withHeaders(amqp091.Table{"a": map[string]any{}}), "type map[string]interface {}", refusedByTheClient},
		"type inside":            {withHeaders(amqp091.Table{"a": amqp091.Table{"b": []any{1, struct{}{}}}}), `type struct {} in header "a"`, refusedByTheClient},
		"big int":                {withHeaders(amqp091.Table{"a": math.MaxInt32 + 1}), "use int64", altered},
		"small int":              {withHeaders(amqp091.Table{"a": math.MinInt32 - 1}), "use int64", altered},
		"NaN":                    {withHeaders(amqp091.Table{"a": math.NaN()}), "NaN", connectionLost},
		"infinity":               {withHeaders(amqp091.Table{"a": float32(math.Inf(-1))}), "-Inf", connectionLost},
		"deep":                   {withHeaders(amqp091.Table{"a": nested(33)}), `nested more than 32 deep in header "a"`, consumerLost},
		"many headers":           {withHeaders(table(8192 - 2 + 1)), "a table has 8193 entries, at most 8192", consumerLost}, // and publishing adds traceparent and send time
		"many items":             {withHeaders(amqp091.Table{"a": make([]any, 8193)}), "an array has 8193 entries, at most 8192", consumerLost},
		"big headers":            {withHeaders(amqp091.Table{"a": strings.Repeat("x", otelamqp.DefaultFrameSize)}), "one frame of 131072", connectionLost},
		"big headers together": {withHeaders(amqp091.Table{
			"a": strings.Repeat("x", otelamqp.DefaultFrameSize/2), "b": strings.Repeat("x", otelamqp.DefaultFrameSize/2),
		}), "one frame of 131072", connectionLost},
	}
	for name, set := range map[string]func(*otelamqp.Message){
		"exchange":        func(m *otelamqp.Message) { m.Exchange = long },
		"routing key":     func(m *otelamqp.Message) { m.RoutingKey = long },
		"ContentType":     func(m *otelamqp.Message) { m.Publishing.ContentType = long },
		"ContentEncoding": func(m *otelamqp.Message) { m.Publishing.ContentEncoding = long },
		"CorrelationId":   func(m *otelamqp.Message) { m.Publishing.CorrelationId = long },
		"ReplyTo":         func(m *otelamqp.Message) { m.Publishing.ReplyTo = long },
		"Expiration":      func(m *otelamqp.Message) { m.Publishing.Expiration = long },
		"MessageId":       func(m *otelamqp.Message) { m.Publishing.MessageId = long },
		"Type":            func(m *otelamqp.Message) { m.Publishing.Type = long },
		"UserId":          func(m *otelamqp.Message) { m.Publishing.UserId = long },
		"AppId":           func(m *otelamqp.Message) { m.Publishing.AppId = long },
	} {
		m := event()
		set(&m)
		all["long "+name] = unsendable{m, fmt.Sprintf("the %s %q is 256 bytes long, at most 255 are allowed", name, strings.Repeat("é", 30)+"…"), connectionLost}
	}
	return all
}

// table returns n headers that are small enough for one frame.
func table(n int) amqp091.Table {
	t := amqp091.Table{}
	for i := range n {
		t[fmt.Sprint(i)] = nil
	}
	return t
}

// TestUnsendable: a message that AMQP cannot carry fails before anything is sent. The error gives the reason, and the
// message is not counted as sent.
func TestUnsendable(t *testing.T) {
	for name, tt := range unsendables() {
		t.Run(name, func(t *testing.T) {
			for way, publish := range map[string]func(*otelamqp.Publisher, otelamqp.Message) error{
				"Publish": func(p *otelamqp.Publisher, m otelamqp.Message) error { return p.Publish(context.Background(), m) },
				"PublishDeferred": func(p *otelamqp.Publisher, m otelamqp.Message) error {
					_, err := p.PublishDeferred(context.Background(), m)
					return err
				},
				"PublishBatch": func(p *otelamqp.Publisher, m otelamqp.Message) error {
					return p.PublishBatch(context.Background(), []otelamqp.Message{m})
				},
				"Prepare": func(p *otelamqp.Publisher, m otelamqp.Message) error {
					wrong := m.Publishing
					m.Publishing = amqp091.Publishing{}
					m.Prepare = func(_ context.Context, p *amqp091.Publishing) error {
						maps.Copy(p.Headers, wrong.Headers)
						wrong.Headers = p.Headers
						*p = wrong
						return nil
					}
					return p.Publish(context.Background(), m)
				},
			} {
				b := newBundle(t)
				s := &stub{}
				p := b.publisher(s, otelamqp.WithMessageSizes())
				m := tt.message
				m.Mandatory = true
				err := publish(p, m)
				if !errors.Is(err, otelamqp.ErrUnsendable) || !strings.Contains(err.Error(), tt.says) || len(err.Error()) > 500 {
					t.Errorf("%s: error %v, want ErrUnsendable that says %q", way, err, tt.says)
				}
				if len(s.all()) != 0 || otelamqp.Pending(p) != 0 {
					t.Errorf("%s: %d messages sent, %d expected back", way, len(s.all()), otelamqp.Pending(p))
				}
				failed(t, b.one(), "unsendable")
				if m, counted := b.metrics()["messaging.client.sent.messages"]; counted {
					t.Errorf("%s: a message that was not sent is counted: %v", way, m)
				}
			}
		})
	}
}

// TestATableThatContainsItself: such a table would overflow the stack.
func TestATableThatContainsItself(t *testing.T) {
	loop := amqp091.Table{}
	loop["again"], loop["and again"] = loop, []any{loop}
	b := newBundle(t)
	if err := b.publisher(&stub{}, otelamqp.WithMessageSizes()).Publish(context.Background(), withHeaders(loop)); !errors.Is(err, otelamqp.ErrUnsendable) {
		t.Errorf("error %v", err)
	}
}

// TestUnsendableLeavesTheConnectionAlone: other messages reach the broker before and after an unsendable one.
func TestUnsendableLeavesTheConnectionAlone(t *testing.T) {
	ch := channel(t, rabbitmqtest.Shared(t).VHost(t))
	declare(t, ch, nil)
	b := newBundle(t)
	p := b.publisher(ch)
	sent := 0
	for name, tt := range unsendables() {
		err := p.PublishBatch(context.Background(), []otelamqp.Message{event(), tt.message, event()})
		var batch *otelamqp.BatchError
		if !errors.As(err, &batch) || batch.Errors[0] != nil || !errors.Is(batch.Errors[1], otelamqp.ErrUnsendable) || batch.Errors[2] != nil {
			t.Fatalf("%s: %v, want the second message to fail alone", name, err)
		}
		sent += 2
	}
	q, err := ch.QueueDeclarePassive("kitchen", true, false, false, false, nil)
	if err != nil || q.Messages != sent {
		t.Errorf("%d messages in the queue, want %d (%v)", q.Messages, sent, err)
	}
}

// TestWhatTheBareClientLosesOverTheUnsendable shows the reason for each refusal. It fails if a release of amqp091-go
// or RabbitMQ carries such a message.
func TestWhatTheBareClientLosesOverTheUnsendable(t *testing.T) {
	url := rabbitmqtest.Shared(t).VHost(t)
	declare(t, channel(t, url), nil)
	for name, tt := range unsendables() {
		t.Run(name, func(t *testing.T) {
			pub := tt.message.Publishing
			if name == "many headers" {
				pub.Headers = table(8193)
			}
			ch := channel(t, url)
			must(t, ch.Confirm(false))
			closed := ch.NotifyClose(make(chan *amqp091.Error, 1))
			dc, err := ch.PublishWithDeferredConfirmWithContext(context.Background(), tt.message.Exchange, tt.message.RoutingKey, false, false, pub)
			stored := err == nil && dc.Wait()
			if tt.loss == refusedByTheClient {
				if err == nil || ch.IsClosed() {
					t.Errorf("published with %v, channel closed: %v", err, ch.IsClosed())
				}
				return
			}
			if tt.loss == connectionLost {
				select {
				case reason := <-closed:
					t.Logf("%.100v", reason)
				case <-time.After(10 * time.Second):
					t.Errorf("the connection lives: stored %v, %v", stored, err)
				}
				return
			}
			consuming := channel(t, url)
			d, ok, err := consuming.Get("kitchen", true)
			if tt.loss == altered && (!ok || d.Headers["a"] == tt.message.Publishing.Headers["a"]) {
				t.Errorf("got %v, %v", d.Headers, err)
			}
			if tt.loss == consumerLost && (!stored || err == nil) {
				t.Errorf("stored %v, got with %v", stored, err)
			}
		})
	}
}

// TestTheLargestMessageGoes: the largest allowed message is published and consumed.
func TestTheLargestMessageGoes(t *testing.T) {
	const frame = 8192 // RabbitMQ 4.3 refuses a smaller one
	conn, err := amqp091.DialConfig(rabbitmqtest.Shared(t).VHost(t), amqp091.Config{FrameSize: frame})
	must(t, err)
	defer conn.Close()
	ch, err := conn.Channel()
	must(t, err)
	b := newBundle(t)
	p := b.publisher(ch, otelamqp.WithFrameSize(conn.Config.FrameSize), otelamqp.WithSentAtHeader(""))
	q, err := ch.QueueDeclare(strings.Repeat("q", 255), true, false, false, false, nil)
	must(t, err)
	m := otelamqp.Message{RoutingKey: q.Name, Mandatory: true}
	long := strings.Repeat("p", 255)
	m.Publishing = amqp091.Publishing{
		ContentType: long, ContentEncoding: long, CorrelationId: long, ReplyTo: long, MessageId: long, Type: long, AppId: long,
		DeliveryMode: amqp091.Persistent, Priority: 1, Timestamp: time.Unix(1, 0), Body: make([]byte, 100_000),
	}
	// Bytes of the frame: 8 overhead, 12 before the properties, 2 flags, 7 properties of 256, mode, priority and 8 for the
	// time. The table has 4, traceparent (11+2+4+55), a header with a long key, and a header that fills the rest.
	room := frame - 8 - 12 - 2 - 7*256 - 1 - 1 - 8 - 4 - (1 + 11 + 1 + 4 + 55) - (1 + 255 + 1) - (1 + 4 + 1 + 4)
	m.Publishing.Headers = amqp091.Table{strings.Repeat("k", 255): nil, "fill": strings.Repeat("x", room)}
	must(t, p.Publish(context.Background(), m))
	d, ok, err := ch.Get(q.Name, true)
	if err != nil || !ok || len(d.Body) != 100_000 || d.AppId != long || len(d.Headers["fill"].(string)) != room {
		t.Errorf("got %v, %v", ok, err)
	}
	m.Publishing.Headers["fill"] = strings.Repeat("x", room+1)
	if err := p.Publish(context.Background(), m); !errors.Is(err, otelamqp.ErrUnsendable) {
		t.Errorf("one byte more: %v", err)
	}
	must(t, p.Publish(context.Background(), otelamqp.Message{RoutingKey: q.Name, Mandatory: true}))
}

// TestMessageAboveTheBrokersLimit: a broker accepts bodies of at most 16 MiB since 4.0, and 128 MiB before
// (max_message_size, release notes of 4.0.0). It closes the channel for a larger body. The span has the reason.
func TestMessageAboveTheBrokersLimit(t *testing.T) {
	limit := 16 << 20
	if strings.HasPrefix(rabbitmqtest.Shared(t).Version(t), "3.") {
		limit = 128 << 20
	}
	ch := channel(t, rabbitmqtest.Shared(t).VHost(t))
	declare(t, ch, nil)
	b := newBundle(t)
	p := b.publisher(ch)
	m := event()
	m.Publishing.Body = make([]byte, limit+1)
	err := p.Publish(context.Background(), m)
	if reason := new(amqp091.Error); !errors.As(err, &reason) || reason.Code != amqp091.PreconditionFailed {
		t.Errorf("one byte above the limit: %v", err)
	}
	if got := values(b.one().Attributes())["error.type"]; got != "PRECONDITION_FAILED" {
		t.Errorf("error.type %v", got)
	}
}

// carried is a second implementation of the limits of the specification and of amqp091-go.
func carried(v any) bool {
	size := 0
	var walk func(v any, depth int) bool
	walk = func(v any, depth int) bool {
		size++
		switch v := v.(type) {
		case amqp091.Table:
			for key, value := range v {
				if size += len(key) + 1; len(key) > 255 || !walk(value, depth+1) {
					return false
				}
			}
		case []any:
			for _, value := range v {
				if !walk(value, depth+1) {
					return false
				}
			}
		case int:
			return int(int32(v)) == v //nolint:gosec // the comparison detects overflow
		case float32:
			return v-v == 0
		case float64:
			return v-v == 0
		case string:
			size += len(v)
		case []byte:
			size += len(v)
		default:
			return binary.Size(v) >= 0 || v == nil || isTime(v)
		}
		return depth <= 33 && size < 60_000
	}
	return walk(v, 0)
}

func isTime(v any) bool { _, ok := v.(time.Time); return ok }

// TestWhatIsNotRefusedIsCarried: a broker stores all headers that a Publisher accepts, and a consumer reads them.
func TestWhatIsNotRefusedIsCarried(t *testing.T) {
	ch := channel(t, rabbitmqtest.Shared(t).VHost(t))
	declare(t, ch, nil)
	p := newBundle(t).publisher(ch)
	refused, sent := 0, 0
	for seed := range uint64(500) {
		data := make([]byte, 4000)
		_, _ = rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)}).Read(data) // it never fails
		s := &source{data}
		m := event()
		m.Mandatory = true
		m.Publishing.Headers = s.table(0)
		m.Publishing.Type, m.Publishing.AppId, m.Publishing.ReplyTo = s.text()+s.text(), s.text(), s.text()
		err := p.Publish(context.Background(), m)
		if errors.Is(err, otelamqp.ErrUnsendable) {
			refused++
			if carried(m.Publishing.Headers) && len(m.Publishing.Type) <= 255 {
				t.Errorf("seed %d: %v", seed, err)
			}
			continue
		}
		if err != nil {
			t.Fatalf("seed %d, headers %#v: %v", seed, m.Publishing.Headers, err)
		}
		sent++
		d, ok, err := ch.Get("kitchen", true)
		if err != nil || !ok || d.AppId != m.Publishing.AppId || !arrived(m.Publishing.Headers, d.Headers) {
			t.Fatalf("seed %d, headers %#v came back as %#v: %v %v", seed, m.Publishing.Headers, d.Headers, ok, err)
		}
	}
	t.Logf("%d sent, %d refused", sent, refused)
	if sent < 50 || refused < 50 {
		t.Errorf("%d sent and %d refused are too few", sent, refused)
	}
}

// arrived reports whether all sent headers arrived. It ignores the trace context, which the publisher replaces.
func arrived(sent, got amqp091.Table) bool {
	for key := range sent {
		if _, ok := got[key]; !ok && !slices.Contains(w3c.Fields(), key) {
			return false
		}
	}
	return true
}
