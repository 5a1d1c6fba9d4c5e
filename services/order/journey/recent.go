package journey

import (
	"context"
	"sync"
	"time"

	"traceria/services/broker"
	"traceria/services/host"
	"traceria/services/topology"
)

// Recent asks RabbitMQ and the services at most once in a while, so that [FindMissing] can be called for thousands of orders in a
// row. It asks RabbitMQ one question at a time, because dead letters that are being read are not counted. It is safe for
// concurrent use.
type Recent struct {
	keep time.Duration

	mu       sync.Mutex
	sources  Sources
	counts   map[string]answer[broker.QueueCount]
	letters  map[string]answer[[]broker.Letter]
	services map[string]answer[host.Readiness]
}

// answer is what a source said, and when.
type answer[T any] struct {
	value T
	err   error
	at    time.Time
}

// NewRecent keeps each answer of RabbitMQ and of the services for the time keep.
func NewRecent(sources Sources, keep time.Duration) *Recent {
	r := &Recent{keep: keep, sources: sources}
	r.Forget()
	return r
}

// Forget lets the next question be asked anew.
func (r *Recent) Forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts = map[string]answer[broker.QueueCount]{}
	r.letters, r.services = map[string]answer[[]broker.Letter]{}, map[string]answer[host.Readiness]{}
}

// Sources returns the sources with the answers that are kept.
func (r *Recent) Sources() Sources {
	sources := r.sources
	if sources.Broker != nil {
		sources.Broker = r
	}
	if sources.Service != nil {
		sources.Service = r.service
	}
	return sources
}

// Count implements [Broker].
func (r *Recent) Count(ctx context.Context, queues []string) (map[string]broker.QueueCount, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var asked []string
	for _, queue := range queues {
		if !fresh(r.counts[queue].at, r.keep) {
			asked = append(asked, queue)
		}
	}
	if len(asked) > 0 {
		counts, err := r.sources.Broker.Count(ctx, asked)
		if err != nil {
			return nil, err
		}
		for _, queue := range asked {
			delete(r.counts, queue)
			if count, known := counts[queue]; known {
				r.counts[queue] = answer[broker.QueueCount]{value: count, at: time.Now()}
			}
		}
	}
	found := map[string]broker.QueueCount{}
	for _, queue := range queues {
		if count, known := r.counts[queue]; known {
			found[queue] = count.value
		}
	}
	return found, nil
}

// Letters implements [Broker].
func (r *Recent) Letters(ctx context.Context, s topology.Subscription, limit int) ([]broker.Letter, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return ask(r.letters, s.Queue(), r.keep, func() ([]broker.Letter, error) { return r.sources.Broker.Letters(ctx, s, limit) })
}

func (r *Recent) service(ctx context.Context, name string) (host.Readiness, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return ask(r.services, name, r.keep, func() (host.Readiness, error) { return r.sources.Service(ctx, name) })
}

// ask returns the answer that is kept, or asks. An error is kept as well: a service that is away costs one attempt.
func ask[T any](kept map[string]answer[T], key string, keep time.Duration, question func() (T, error)) (T, error) {
	if last, known := kept[key]; known && fresh(last.at, keep) {
		return last.value, last.err
	}
	value, err := question()
	kept[key] = answer[T]{value, err, time.Now()}
	return value, err
}

func fresh(at time.Time, keep time.Duration) bool { return time.Since(at) < keep }
