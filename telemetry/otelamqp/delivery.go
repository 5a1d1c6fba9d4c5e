package otelamqp

import (
	"strconv"
	"time"

	"github.com/rabbitmq/amqp091-go"
)

// firstNanos is the smallest valid send time (2001-09-09). A smaller number has another unit than nanoseconds.
const firstNanos = int64(1e18)

// QueueWait returns the time from sending, as recorded in [SentAtHeader], to now. It returns false if the header is
// absent or not a time. A send time after now gives 0, because the clocks of two machines can differ.
func QueueWait(d *amqp091.Delivery, now time.Time) (time.Duration, bool) {
	return queueWait(d.Headers, SentAtHeader, now)
}

func queueWait(h amqp091.Table, header string, now time.Time) (time.Duration, bool) {
	sent, ok := sentAt(h[header])
	if !ok {
		return 0, false
	}
	return max(now.Sub(sent), 0), true
}

// sentAt reads a time from every type that clients use for it.
func sentAt(v any) (time.Time, bool) {
	if t, ok := v.(time.Time); ok {
		return t, !t.IsZero()
	}
	nanos, ok := integer(v)
	if !ok || nanos < firstNanos {
		return time.Time{}, false
	}
	return time.Unix(0, nanos), true
}

// integer reads a whole number from any AMQP type that can hold one.
func integer(v any) (int64, bool) {
	switch n := v.(type) {
	case int64:
		return n, true
	case int32:
		return int64(n), true
	case int16:
		return int64(n), true
	case int8:
		return int64(n), true
	case int:
		return int64(n), true
	case uint8:
		return int64(n), true
	case uint16:
		return int64(n), true
	case uint32:
		return int64(n), true
	case string:
		parsed, err := strconv.ParseInt(n, 10, 64)
		return parsed, err == nil
	case []byte:
		parsed, err := strconv.ParseInt(string(n), 10, 64)
		return parsed, err == nil
	}
	return 0, false
}
