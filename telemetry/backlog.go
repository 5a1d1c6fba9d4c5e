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

// backlog counts the spans or the log records that wait for their export, and those that were given up. The SDK's
// batch processors drop without a word: spans when their queue is full, log records the oldest first, both when an
// export fails. So nothing is given to them that has no room, and their exporter is watched: then the number
// is exact. What is full drops the newest, and never makes anybody wait.
type backlog struct {
	signal, field string // traces, lost_spans
	room          int
	report        *reporter
	stopping      context.Context // has ended when an export that fails is not tried again
	stop          func()
	abandoned     context.Context // has ended when no export is begun any more
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

// take makes room for one more, or counts it as dropped and returns false.
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
	// retryMax is short: while a service waits to try again, a queue that is full drops what is new.
	retryMax = time.Second
)

// export sends n items until that succeeds, ctx ends (OTEL_BSP_EXPORT_TIMEOUT, OTEL_BLRP_EXPORT_TIMEOUT) or another
// attempt is of no use. The exporters themselves try again when a Collector says that it is busy, but not when
// nobody listens, so that a restart of the Collector would cost all that comes meanwhile. The error was reported.
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

// isAway is true of an error that says nothing about the items: no connection, or none that lasted.
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

// settle takes note of n items that were exported, or given up when err is not nil.
func (b *backlog) settle(n int, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return // counted as dropped already
	}
	b.waiting -= n
	if err != nil {
		b.dropped += int64(n)
	}
}

// end runs the batch processor's shutdown, which exports what waits. Nothing is tried twice any more, and nothing at
// all when ctx has ended. What was not exported by then is dropped, and the error says how many that is.
func (b *backlog) end(ctx context.Context, shutdown func(context.Context) error) error {
	b.stop()
	defer context.AfterFunc(ctx, b.abandon)()
	before := b.lost()
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

// spanBacklog stands before the SDK's batch processor, and spanExport behind it.
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
}

// ExportSpans implements the SDK's SpanExporter.
func (e spanExport) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	e.export(ctx, len(spans), func(ctx context.Context) error { return e.SpanExporter.ExportSpans(ctx, stamped(spans)) })
	return nil
}

// recordBacklog stands before the SDK's batch processor, and recordExport behind it.
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
	e.export(ctx, len(records), func(ctx context.Context) error { return e.Exporter.Export(ctx, records) })
	return nil
}
