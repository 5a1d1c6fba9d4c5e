package tracetree

import (
	"math"
	"testing"
	"time"
)

func TestDurationsAreWrittenForPeople(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0:                            "0 ns",
		999:                          "999 ns",
		1500:                         "1.5 µs",
		412_345:                      "412 µs",
		999_499:                      "999 µs",
		999_500:                      "1 ms",
		3_000_000:                    "3 ms",
		12_345_678:                   "12.3 ms",
		412_345_678:                  "412 ms",
		999_600_000:                  "1 s",
		1_234_567_890:                "1.2 s",
		59_940 * 1_000_000:           "59.9 s",
		59_960 * 1_000_000:           "1m0s",
		130 * time.Second:            "2m10s",
		60 * time.Minute:             "1h0m0s",
		-2 * time.Millisecond:        "-2 ms",
		math.MinInt64:                "-2562047h47m16.854775807s",
		time.Duration(math.MaxInt64): "2562047h47m16.854775807s",
	} {
		if got := shortDuration(d); got != want {
			t.Errorf("%d ns: got %q, want %q", int64(d), got, want)
		}
	}
}

func TestNamesAreCutWhereTheySayLeast(t *testing.T) {
	t.Parallel()
	const name = "process events:order.order-confirmed.v2:kitchen.order-confirmed"
	for room, want := range map[int]string{
		100: name,
		63:  name,
		62:  "process …:order.order-confirmed.v2:kitchen.order-confirmed",
		40:  "process …:kitchen.order-confirmed",
		20:  "process …r-confirmed",
		9:   "…onfirmed",
	} {
		if got := shorten(name, room); got != want || width(got) > room {
			t.Errorf("%d: got %q, want %q", room, got, want)
		}
	}
	if got := shorten("(12 database spans: BEGIN, COMMIT)", 20); got != "(12 database spans:…" {
		t.Errorf("got %q", got)
	}
}

func TestWaitsThatADurationCannotHoldAreCut(t *testing.T) {
	t.Parallel()
	for ms, want := range map[float64]time.Duration{
		2.5: 2500 * time.Microsecond, -3: -3 * time.Millisecond, 1e300: math.MaxInt64, math.Inf(-1): -math.MaxInt64,
	} {
		if got := milliseconds(ms); got != want {
			t.Errorf("%g ms: got %d, want %d", ms, got, want)
		}
	}
}
