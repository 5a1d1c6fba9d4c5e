package store

import (
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
)

// pacedShare is the pause after a reading as a multiple of the time that it took: readings take at most 0.5% of the time.
const pacedShare = 200

// Paced keeps the result of a costly reading, such as a count of all rows, so that a metric can ask for it at each
// collection. It reads again when 200 times the duration of the last reading has passed: a count of 2 ms is as fresh as
// 0.4 s, a count of 1 s is repeated every 200 s. The zero value is ready.
type Paced[T any] struct {
	// Most is the longest pause, if it is not 0. A reading that waited for a busy database took long and cost little.
	Most time.Duration

	mu   sync.Mutex
	next time.Time
	last T
	err  error
}

// Measure is Get for the callback of a metric of what. It reports an error to OpenTelemetry's error handler, and found is false then.
// If the callback returned the error, it would hold back all metrics of the service, just when the database is away.
func (p *Paced[T]) Measure(what string, read func() (T, error)) (value T, found bool) {
	value, err := p.Get(read)
	if err != nil {
		otel.Handle(fmt.Errorf("no metric of %s: %v", what, err)) //nolint:errorlint // no failed export, which a deadline would look like
	}
	return value, err == nil
}

// Get returns the result of read, or the last one.
func (p *Paced[T]) Get(read func() (T, error)) (T, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if began := time.Now(); began.After(p.next) {
		p.last, p.err = read()
		pause := pacedShare * time.Since(began)
		if p.Most > 0 {
			pause = min(pause, p.Most)
		}
		p.next = time.Now().Add(pause)
	}
	return p.last, p.err
}
