package topology

import (
	"fmt"
	"strings"
	"time"
)

// DefaultBackOff are the delays before the second, third and fourth attempt.
var DefaultBackOff = []time.Duration{200 * time.Millisecond, time.Second, 5 * time.Second}

const (
	// MaxRetries is the largest number of delays of a subscription: each is a queue.
	MaxRetries = 10
	// maxDelay is the longest delay. A fault that lasts longer belongs to the dead letters.
	maxDelay = time.Hour
)

// BackOff are the delays of all subscriptions. The zero value is [DefaultBackOff] for all.
type BackOff struct {
	usual   []time.Duration
	special map[string][]time.Duration
}

// ParseBackOff parses a list of delays, and after semicolons the delays of single subscriptions:
// "200ms,1s,5s;kitchen.order-confirmed=1s,1s". A delay may be repeated. "none" means no delay, and so one attempt. The empty
// text is [DefaultBackOff] for all.
func ParseBackOff(text string) (BackOff, error) {
	b := BackOff{usual: DefaultBackOff, special: map[string][]time.Duration{}}
	usual := false
	for part := range strings.SplitSeq(text, ";") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		queue, list, special := strings.Cut(part, "=")
		if !special {
			list = part
		}
		delays, err := parseDelays(list)
		if err != nil {
			return BackOff{}, err
		}
		name := strings.TrimSpace(queue)
		switch _, twice := b.special[name]; {
		case special && name == "":
			return BackOff{}, fmt.Errorf("no subscription before %.60q, want one such as kitchen.order-confirmed=1s, or 1s alone for all", part)
		case special && twice:
			return BackOff{}, fmt.Errorf("got the subscription %.60q twice, want it once", name)
		case special:
			b.special[name] = delays
		case usual:
			return BackOff{}, fmt.Errorf("got a second list for all subscriptions, %.60q, want one", part)
		default:
			b.usual, usual = delays, true
		}
	}
	return b, nil
}

func parseDelays(list string) ([]time.Duration, error) {
	delays := []time.Duration{}
	if strings.TrimSpace(list) == "none" {
		return delays, nil
	}
	for word := range strings.SplitSeq(list, ",") {
		delay, err := time.ParseDuration(strings.TrimSpace(word))
		if err != nil || delay < time.Millisecond || delay > maxDelay || delay%time.Millisecond != 0 {
			return nil, fmt.Errorf("got the delay %.40q, want whole milliseconds from 1ms to %s, as in 200ms,1s,5s", word, maxDelay)
		}
		delays = append(delays, delay)
	}
	if len(delays) > MaxRetries {
		return nil, fmt.Errorf("got %d delays, want at most %d", len(delays), MaxRetries)
	}
	return delays, nil
}

// Of returns the subscriptions with their delays. It ignores names of other subscriptions: see [BackOff.Unknown].
func (b BackOff) Of(subscriptions []Subscription) []Subscription {
	done := make([]Subscription, len(subscriptions))
	for i, s := range subscriptions {
		done[i] = b.For(s)
	}
	return done
}

// For returns one subscription with its delays.
func (b BackOff) For(s Subscription) Subscription {
	if b.usual != nil {
		s.BackOff = b.usual
	}
	if delays, special := b.special[s.Queue()]; special {
		s.BackOff = delays
	}
	return s
}

// Unknown returns the names that are not those of the subscriptions.
func (b BackOff) Unknown(subscriptions []Subscription) []string {
	known := map[string]bool{}
	for _, s := range subscriptions {
		known[s.Queue()] = true
	}
	var unknown []string
	for name := range b.special {
		if !known[name] {
			unknown = append(unknown, name)
		}
	}
	return unknown
}
