package topology

import (
	"fmt"
	"strings"
	"time"
)

// DefaultBackOff is how long a message waits before its second, third and fourth attempt.
var DefaultBackOff = []time.Duration{200 * time.Millisecond, time.Second, 5 * time.Second}

const (
	// MaxRetries is the largest number of delays of a subscription: each is a queue.
	MaxRetries = 10
	// maxDelay is the longest delay. What takes longer to come right is a matter for the dead letters.
	maxDelay = time.Hour
)

// BackOff says how long the messages of each subscription wait between their attempts. The zero value is
// [DefaultBackOff] for all.
type BackOff struct {
	usual   []time.Duration
	special map[string][]time.Duration
}

// ParseBackOff reads a list of delays, and after semicolons those of single subscriptions:
// "200ms,1s,5s;kitchen.order-confirmed=1s,1s". A delay may come twice; both have one queue. A subscription without delays ("none") has one attempt. The empty text is
// [DefaultBackOff] for all.
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
			return BackOff{}, fmt.Errorf("there is no subscription before %.60q, want one such as kitchen.order-confirmed=1s, or 1s alone for all", part)
		case special && twice:
			return BackOff{}, fmt.Errorf("the subscription %.60q is there twice, want it once", name)
		case special:
			b.special[name] = delays
		case usual:
			return BackOff{}, fmt.Errorf("there are two lists for all subscriptions, the second is %.60q, want one", part)
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

// Of returns the subscriptions, each with its delays. A name in the text that none of them has is ignored: see [BackOff.Unknown].
func (b BackOff) Of(subscriptions []Subscription) []Subscription {
	done := make([]Subscription, len(subscriptions))
	for i, s := range subscriptions {
		done[i] = b.For(s)
	}
	return done
}

// For returns the subscription with its delays.
func (b BackOff) For(s Subscription) Subscription {
	if b.usual != nil {
		s.BackOff = b.usual
	}
	if delays, special := b.special[s.Queue()]; special {
		s.BackOff = delays
	}
	return s
}

// Unknown returns the names in the text that none of the subscriptions has.
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
