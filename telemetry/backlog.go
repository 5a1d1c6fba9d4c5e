package telemetry

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// backlog counts the spans or log records that wait for export, and those that were dropped. The SDK's batch processors
// drop silently, so backlog admits only what has room and watches the exporter. That makes the count exact. A full
// backlog drops the newest item and never blocks the caller.
type backlog struct {
	signal, field string // traces, lost_spans
	room          int
	report        *reporter
	stopping      context.Context // done: failed exports are not retried
	stop          func()
	abandoned     context.Context // done: no new export starts
	abandon       func()

	mu      sync.Mutex
	waiting int
	dropped int64
	closed  bool
}

func newBacklog(signal, field string, room int, report *reporter) *backlog {
	b := &backlog{signal: signal, field: field, room: room, report: report}
	b.stopping, b.stop = context.WithCancel(context.Background())
	b.abandoned, b.abandon = context.WithCancel(context.Background())
	report.backlogs = append(report.backlogs, b)
	return b
}

// take reserves room for one item. If there is none, it counts the item as dropped and returns false.
func (b *backlog) take() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed || b.waiting >= b.room {
		b.dropped++
		return false
	}
	b.waiting++
	return true
}

func (b *backlog) lost() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.dropped
}

const (
	retryFirst = 200 * time.Millisecond
	// retryMax is short because a full queue drops new items while an export waits.
	retryMax = time.Second
)

// export sends n items and retries until it succeeds, ctx ends (OTEL_BSP_EXPORT_TIMEOUT, OTEL_BLRP_EXPORT_TIMEOUT) or a retry
// cannot help. The exporters retry only if the Collector answers that it is busy. Retrying a refused connection as well
// keeps what is produced while the Collector restarts. export reports the error itself.
func (b *backlog) export(ctx context.Context, n int, send func(context.Context) error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(b.abandoned, cancel)() //nolint:contextcheck // the export ends with either
	for pause := retryFirst; ; pause = min(2*pause, retryMax) {
		err := send(ctx)
		if err == nil || !isAway(err) || !b.wait(ctx, pause) {
			b.settle(n, err)
			b.report.exported(b.signal, err)
			return
		}
		b.report.exported(b.signal, err)
	}
}

// isAway reports whether err is a connection error: it says nothing about the items.
func isAway(err error) bool {
	_, isNet := errors.AsType[net.Error](err) // url.Error is one
	return isNet
}

func (b *backlog) wait(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
	case <-b.stopping.Done():
	}
	return false
}

// settle records that n items were exported, or dropped if err is not nil.
func (b *backlog) settle(n int, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return // end has counted them as dropped
	}
	b.waiting -= n
	if err != nil {
		b.dropped += int64(n)
	}
}

// end runs the batch processor's shutdown, which exports the waiting items. It does not retry, and it starts no export after
// ctx has ended. The error says how many items were dropped.
func (b *backlog) end(ctx context.Context, shutdown func(context.Context) error) error {
	before := b.lost() // before stop, which makes a waiting export give up
	b.stop()
	defer context.AfterFunc(ctx, b.abandon)()
	err := shutdown(ctx)
	b.abandon()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.dropped += int64(b.waiting)
	b.waiting, b.closed = 0, true
	if lost := b.dropped - before; lost > 0 {
		err = errors.Join(err, fmt.Errorf("%s: %s=%d", b.signal, b.field, lost))
	}
	return err
}

// spanBacklog filters the input of the SDK's batch processor. spanExport watches its output.
type spanBacklog struct {
	sdktrace.SpanProcessor
	*backlog
}

// OnEnd implements the SDK's SpanProcessor.
func (b spanBacklog) OnEnd(s sdktrace.ReadOnlySpan) {
	if s.SpanContext().IsSampled() && b.take() {
		b.SpanProcessor.OnEnd(s)
	}
}

// Shutdown implements the SDK's SpanProcessor.
func (b spanBacklog) Shutdown(ctx context.Context) error { return b.end(ctx, b.SpanProcessor.Shutdown) }

type spanExport struct {
	sdktrace.SpanExporter
	*backlog
	guard guard
}

// ExportSpans implements the SDK's SpanExporter.
func (e spanExport) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	for _, part := range split(stamped(e.guard.spans(spans)), spanSize) {
		e.export(ctx, len(part), func(ctx context.Context) error { return e.SpanExporter.ExportSpans(ctx, part) })
	}
	return nil
}

// recordBacklog filters the input of the SDK's batch processor. recordExport watches its output.
type recordBacklog struct {
	sdklog.Processor
	*backlog
}

// OnEmit implements the SDK's log Processor.
func (b recordBacklog) OnEmit(ctx context.Context, r *sdklog.Record) error {
	if !b.take() {
		return nil
	}
	return b.Processor.OnEmit(ctx, r)
}

// Shutdown implements the SDK's log Processor.
func (b recordBacklog) Shutdown(ctx context.Context) error { return b.end(ctx, b.Processor.Shutdown) }

type recordExport struct {
	sdklog.Exporter
	*backlog
}

// Export implements the SDK's log Exporter.
func (e recordExport) Export(ctx context.Context, records []sdklog.Record) error {
	for _, part := range split(records, recordSize) {
		e.export(ctx, len(part), func(ctx context.Context) error { return e.Exporter.Export(ctx, part) })
	}
	return nil
}
