package load

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"traceria/telemetry/tracetree"
)

func TestQuantilesAreThoseOfTheNearestRank(t *testing.T) {
	t.Parallel()
	var times []time.Duration
	for n := 100; n > 0; n-- {
		times = append(times, time.Duration(n)*time.Millisecond)
	}
	ms := func(n int) Time { return Time(time.Duration(n) * time.Millisecond) }
	if got, want := quantilesOf(times), (Quantiles{ms(50), ms(95), ms(99), ms(100)}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if got, want := quantilesOf(times[:1]), (Quantiles{ms(1), ms(1), ms(1), ms(1)}); got != want {
		t.Errorf("of one: got %v, want %v", got, want)
	}
	if got := quantilesOf(nil); got != (Quantiles{}) {
		t.Errorf("of none: got %v", got)
	}
}

// One straggler does not change the rate of many.
func TestTheRateIsThatOfMostOrders(t *testing.T) {
	t.Parallel()
	var moments []time.Time
	start := time.Now()
	for n := range 1000 {
		moments = append(moments, start.Add(time.Duration(n)*10*time.Millisecond))
	}
	if got := rate(append(moments, start.Add(time.Minute)), 0); got < 99 || got > 101 {
		t.Errorf("%g a second, want 100", got)
	}
	if got := rate(moments[:2], 0); got < 99 || got > 101 {
		t.Errorf("%g a second, want 100", got)
	}
	if got := rate(moments[:11], time.Second); got < 9.9 || got > 10.1 { // a burst, and silence after it
		t.Errorf("%g a second, want 10", got)
	}
	if got := rate(moments[:1], 0); got != 0 {
		t.Errorf("one moment has the rate %g", got)
	}
}

func TestASampleIsSpreadEvenly(t *testing.T) {
	t.Parallel()
	var orders []*order
	for n := range 10 {
		orders = append(orders, &order{seq: int64(n)})
	}
	for n, want := range map[int]string{All: "0 1 2 3 4 5 6 7 8 9 ", 3: "0 3 6 ", 10: "0 1 2 3 4 5 6 7 8 9 ", 20: "0 1 2 3 4 5 6 7 8 9 "} {
		text := ""
		for _, o := range pick(orders, n) {
			text += fmt.Sprint(o.seq, " ")
		}
		if text != want {
			t.Errorf("%d of 10: got %s", n, text)
		}
	}
}

// A part that was started anew counts from 0.
func TestDroppedSpansAreThoseOfTheLoad(t *testing.T) {
	t.Parallel()
	got := since([]Dropped{{Part: "kitchen", Spans: 10}, {Part: "order", Spans: 2}}, []Dropped{{Part: "kitchen", Spans: 4}, {Part: "order", Spans: 7}, {Part: "staff", Spans: 1}})
	if want := "[{kitchen 4 } {order 5 } {staff 1 }]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

// story is an order with one hop: the first attempt fails, the second comes after a back-off.
func story(wait, backOff time.Duration) *tracetree.Tree {
	start := time.Now()
	at := func(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }
	span := func(id, parent, name, kind string, began time.Time, took time.Duration, more map[string]any) tracetree.Span {
		attributes := map[string]any{}
		maps.Copy(attributes, more)
		return tracetree.Span{TraceID: "1", SpanID: id, ParentID: parent, Name: name, Kind: kind, Service: "kitchen", Start: began, Duration: took, Attributes: attributes}
	}
	message := func(operation, key string, attempt int, settled string, waited time.Duration) map[string]any {
		m := map[string]any{
			"messaging.system": "rabbitmq", "messaging.operation.name": operation, "messaging.operation.type": operation,
			"messaging.rabbitmq.destination.routing_key": key, "messaging.message.id": key, "messaging.destination.name": "events:" + key,
		}
		if operation == "process" {
			m["messaging.destination.name"] = "events:" + key + ":kitchen.order-confirmed"
			m["traceria.delivery.attempt"], m["traceria.message.settled"] = int64(attempt), settled
			m["traceria.queue.wait_ms"] = float64(waited.Milliseconds())
		}
		return m
	}
	first := at(10).Add(wait)
	again := first.Add(5*time.Millisecond + backOff)
	spans := []tracetree.Span{
		span("a", "", "POST /order", tracetree.KindServer, at(0), 4*time.Millisecond, nil),
		span("b", "a", "send", tracetree.KindProducer, at(6), 4*time.Millisecond, message("send", "order.order-confirmed.v2", 0, "", 0)),
		span("c", "b", "process", tracetree.KindConsumer, first, 5*time.Millisecond, message("process", "order.order-confirmed.v2", 1, "retry", wait)),
		span("d", "b", "process", tracetree.KindConsumer, again, 7*time.Millisecond, message("process", "order.order-confirmed.v2", 2, "ack", 0)),
		span("e", "d", "send", tracetree.KindProducer, again.Add(7*time.Millisecond), 3*time.Millisecond, message("send", "delivery.order-delivered.v1", 0, "", 0)),
	}
	spans[2].Status = tracetree.StatusError
	return tracetree.Build(spans)
}

func TestHopsHaveWaitWorkAndBackOff(t *testing.T) {
	t.Parallel()
	var times hopTimes
	for _, wait := range []int{10, 20, 90} {
		times.add(story(time.Duration(wait)*time.Millisecond, 200*time.Millisecond))
	}
	hops := times.hops()
	if len(hops) != 2 || hops[0].Name != "POST /order" || hops[1].Name != "kitchen.order-confirmed" {
		t.Fatalf("got %+v", hops)
	}
	ms := func(n int) Time { return Time(time.Duration(n) * time.Millisecond) }
	if got, want := hops[1], (Hop{
		Name: "kitchen.order-confirmed", Service: "kitchen", Orders: 3, Retried: 3,
		Wait: Spread{ms(20), ms(90)}, Work: Spread{ms(12), ms(12)}, BackOff: Spread{ms(200), ms(200)},
	}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if hops[0].Work.P50 != ms(4) || hops[0].Wait.P50 != 0 {
		t.Errorf("got %+v", hops[0])
	}
	shares := times.shares()
	sum := 0.0
	for _, s := range shares {
		sum += s.Share
	}
	if shares[0].Kind != tracetree.BackOff || shares[0].P50 != ms(200) || sum < 0.999 || sum > 1.001 {
		t.Errorf("got %+v, together %g", shares, sum)
	}
}
