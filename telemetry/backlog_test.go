package telemetry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel/log"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// The tests of this file use testing/synctest, where a minute takes no time: they test what is rare and what must not block.

var errNobody = &net.OpError{Op: "dial", Err: errors.New("connection refused")}

// receiver is an exporter whose answers a test chooses.
type receiver struct {
	mu    sync.Mutex
	fails error
	hangs bool
	spans int
}

func (r *receiver) set(fails error, hangs bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fails, r.hangs = fails, hangs
}

func (r *receiver) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	r.mu.Lock()
	fails, hangs := r.fails, r.hangs
	r.mu.Unlock()
	if hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	if fails != nil {
		return fails
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.spans += len(spans)
	return nil
}

func (r *receiver) Shutdown(context.Context) error { return nil }

type traced struct {
	*receiver
	*backlog
	log      *bytes.Buffer // read it after synctest.Wait only
	tracer   trace.Tracer
	provider *sdktrace.TracerProvider
}

func startTraced(room int) *traced {
	report := newReporter()
	s := &traced{receiver: &receiver{}, backlog: newBacklog("traces", "lost_spans", room, report), log: &bytes.Buffer{}}
	report.log = zerolog.New(s.log)
	batch := sdktrace.NewBatchSpanProcessor(spanExport{s.receiver, s.backlog, newGuard()}, batchOptions(room)...)
	s.provider = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spanBacklog{batch, s.backlog}))
	s.tracer = s.provider.Tracer("test")
	return s
}

func (s *traced) end(n int) {
	for range n {
		_, span := s.tracer.Start(context.Background(), "span")
		span.End()
	}
}

// lines returns the logged messages, each with the number of lost spans that it mentions.
func (s *traced) lines(t *testing.T) (found []said) {
	t.Helper()
	synctest.Wait()
	for line := range strings.Lines(s.log.String()) {
		var one said
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Fatal(err)
		}
		found = append(found, one)
	}
	s.log.Reset()
	return found
}

type said struct {
	Message string
	Lost    int64 `json:"lost_spans"`
}

func TestAShortOutageLosesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := startTraced(1000)
		s.set(errNobody, false)
		s.end(700)
		time.Sleep(20 * time.Second) // less than the export's own 30 s
		s.set(nil, false)
		time.Sleep(10 * time.Second)
		if diff := cmp.Diff([]said{{away, 0}, {again, 0}}, s.lines(t)); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		if s.spans != 700 || s.lost() != 0 {
			t.Errorf("%d spans came and %d were lost", s.spans, s.lost())
		}
		if err := s.provider.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestALongOutageIsSaidOnceAMinuteAndItsLossAtTheEnd(t *testing.T) {
	t.Parallel()
	for name, hangs := range map[string]bool{"nobody listens": false, "it hangs": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := startTraced(1000)
				s.set(errNobody, hangs)
				began := time.Now()
				for range 600 { // ten minutes of ten spans a second
					s.end(10)
					time.Sleep(time.Second)
				}
				if took := time.Since(began); took != 10*time.Minute {
					t.Errorf("ending spans took %s of its own", took-10*time.Minute)
				}
				lines := s.lines(t)
				for i, line := range lines {
					if line.Message != away || i > 0 && line.Lost < lines[i-1].Lost {
						t.Errorf("line %d is %v, after %v", i, line, lines[:i])
					}
				}
				if len(lines) < 8 || len(lines) > 11 {
					t.Errorf("%d lines in ten minutes", len(lines))
				}
				s.set(nil, false)
				time.Sleep(time.Minute)
				lost := s.lost()
				if diff := cmp.Diff([]said{{again, lost}}, s.lines(t)); diff != "" {
					t.Errorf("at the end (-want +got)\n%s", diff)
				}
				if int64(s.spans)+lost != 6000 || s.spans > 1000 || lost == 0 {
					t.Errorf("of 6000 spans %d came and %d were lost", s.spans, lost)
				}
				if err := s.provider.Shutdown(t.Context()); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestWhatIsRefusedIsLostAndNotSentAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := startTraced(1000)
		s.set(errors.New("400 Bad Request"), false)
		s.end(700)
		time.Sleep(10 * time.Second)
		s.set(nil, false)
		s.end(5)
		time.Sleep(10 * time.Second)
		// The first batch of 512 writes the line. The second batch is lost later.
		if diff := cmp.Diff([]said{{away, 512}, {again, 700}}, s.lines(t)); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		if s.spans != 5 || s.lost() != 700 {
			t.Errorf("%d spans came and %d were lost", s.spans, s.lost())
		}
		if err := s.provider.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// A burst can be larger than the queue even if every export succeeds.
func TestABurstThatIsTooLargeIsSaid(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := startTraced(10)
		burst := func() {
			s.end(14)
			time.Sleep(2 * time.Second) // an export every second
		}
		for range 3 {
			burst()
		}
		if diff := cmp.Diff([]said{{full, 4}}, s.lines(t)); diff != "" {
			t.Errorf("within a minute (-want +got)\n%s", diff)
		}
		time.Sleep(time.Minute)
		burst()
		if diff := cmp.Diff([]said{{full, 12}}, s.lines(t)); diff != "" {
			t.Errorf("after a minute (-want +got)\n%s", diff)
		}
		_ = s.provider.Shutdown(t.Context())
	})
}

func TestAStopWaitsForNobodyAndSaysWhatWasLost(t *testing.T) {
	t.Parallel()
	for name, hangs := range map[string]bool{"nobody listens": false, "it hangs": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := startTraced(1000)
				s.set(errNobody, hangs)
				s.end(1200)
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
				defer cancel()
				began := time.Now()
				err := s.provider.Shutdown(ctx)
				// 200 were dropped before the stop, because the queue was full.
				if err == nil || !strings.Contains(err.Error(), "traces: lost_spans=1000") {
					t.Errorf("got %v", err)
				}
				if took := time.Since(began); took > 2*time.Second || !hangs && took > 0 {
					t.Errorf("the stop took %s", took)
				}
				if s.lost() != 1200 || s.spans != 0 {
					t.Errorf("%d spans came and %d were lost", s.spans, s.lost())
				}
			})
		})
	}
}

// hangingRecords is an exporter that blocks until its context ends.
type hangingRecords struct{ sdklog.Exporter }

func (hangingRecords) Export(ctx context.Context, _ []sdklog.Record) error {
	<-ctx.Done()
	return ctx.Err()
}

func (hangingRecords) ForceFlush(context.Context) error { return nil }
func (hangingRecords) Shutdown(context.Context) error   { return nil }

// If a stop has no time left, the SDK passes only the first batch to the exporter.
func TestRecordsThatNoExportHasSeenAreCountedAtTheStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		waiting := newBacklog("logs", "lost_log_records", 2000, newReporter())
		batch := sdklog.NewBatchProcessor(recordExport{hangingRecords{}, waiting}, sdklog.WithMaxQueueSize(2000))
		provider := sdklog.NewLoggerProvider(sdklog.WithProcessor(recordBacklog{batch, waiting}))
		for range 2500 {
			provider.Logger("test").Emit(t.Context(), log.Record{})
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		if err := provider.Shutdown(ctx); err == nil || !strings.Contains(err.Error(), "logs: lost_log_records=2000") {
			t.Errorf("got %v", err)
		}
		if waiting.lost() != 2500 {
			t.Errorf("%d were lost", waiting.lost())
		}
	})
}
