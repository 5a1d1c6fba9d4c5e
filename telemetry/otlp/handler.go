package otlp

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"golang.org/x/sync/semaphore"
	"google.golang.org/grpc/codes"

	"traceria/telemetry/tracetree"
)

// HandlerOptions bound what a handler reads. The zero value is allowed.
type HandlerOptions struct {
	// Limit is the size of a body in bytes, also after inflating. The default is 16 MiB.
	Limit int64
	// Concurrent is the number of requests that are read at a time. Others wait for a second and then get 503 with Retry-After. The
	// default is 8. Less are read if they are large: together they take about 192 MiB.
	Concurrent int
	// RetryAfter is the value of that header. The default is 1 s.
	RetryAfter time.Duration
	// ReadTimeout is how long a sender may take for a body. The default is 10 s.
	ReadTimeout time.Duration
}

// patience is how long a request waits until another one is done.
const patience = time.Second

func (o HandlerOptions) withDefaults() HandlerOptions {
	if o.Limit == 0 {
		o.Limit = 16 << 20
	}
	if o.Concurrent == 0 {
		o.Concurrent = 8
	}
	if o.RetryAfter == 0 {
		o.RetryAfter = time.Second
	}
	if o.ReadTimeout == 0 {
		o.ReadTimeout = 10 * time.Second
	}
	return o
}

// TracesHandler answers POST /v1/traces as the OTLP/HTTP specification says (https://opentelemetry.io/docs/specs/otlp/#otlphttp). It
// calls take with the spans of each request.
func TracesHandler(take func([]tracetree.Span) (Refused, error), o HandlerOptions) http.Handler {
	return newHandler(o, traceRequest, func(body []byte, e Encoding) (Refused, error) {
		spans, refused, err := decodeTraces(body, e)
		if err != nil {
			return refused, err
		}
		more, err := take(spans)
		return refused.and(more), err
	}, func(refused Refused, e Encoding) ([]byte, error) {
		answer := ptraceotlp.NewExportResponse()
		if refused.Count > 0 {
			answer.PartialSuccess().SetRejectedSpans(int64(refused.Count))
			answer.PartialSuccess().SetErrorMessage(refused.Reason)
		}
		if e == JSON {
			return answer.MarshalJSON()
		}
		return answer.MarshalProto()
	})
}

// LogsHandler answers POST /v1/logs. It calls take with the log records of each request.
func LogsHandler(take func([]Log) (Refused, error), o HandlerOptions) http.Handler {
	return newHandler(o, logRequest, func(body []byte, e Encoding) (Refused, error) {
		logs, err := decodeLogs(body, e)
		if err != nil {
			return Refused{}, err
		}
		return take(logs)
	}, func(refused Refused, e Encoding) ([]byte, error) {
		answer := plogotlp.NewExportResponse()
		if refused.Count > 0 {
			answer.PartialSuccess().SetRejectedLogRecords(int64(refused.Count))
			answer.PartialSuccess().SetErrorMessage(refused.Reason)
		}
		if e == JSON {
			return answer.MarshalJSON()
		}
		return answer.MarshalProto()
	})
}

type handler struct {
	HandlerOptions
	kind   message
	slots  chan struct{}
	room   *semaphore.Weighted // bytes of decoded requests
	take   func([]byte, Encoding) (Refused, error)
	answer func(Refused, Encoding) ([]byte, error)
}

func newHandler(o HandlerOptions, kind message, take func([]byte, Encoding) (Refused, error), answer func(Refused, Encoding) ([]byte, error)) *handler {
	o = o.withDefaults()
	return &handler{
		HandlerOptions: o, kind: kind, slots: make(chan struct{}, o.Concurrent), room: semaphore.NewWeighted(maxDecoded), take: take, answer: answer,
	}
}

// ServeHTTP implements [http.Handler].
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	encoding, known := encodingOf(r.Header.Get("Content-Type"))
	refuse := func(status int, code codes.Code, reason string) { writeStatus(w, encoding, status, code, reason) }
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		refuse(http.StatusMethodNotAllowed, codes.Unimplemented, "OTLP/HTTP is sent by POST")
		return
	}
	if !known {
		refuse(http.StatusUnsupportedMediaType, codes.InvalidArgument,
			fmt.Sprintf("Content-Type %q is not supported: use application/x-protobuf or application/json", text(r.Header.Get("Content-Type"), 100)))
		return
	}
	h.awaitBody(w, r)
	if !h.slot(r.Context()) {
		h.busy(w, encoding)
		return
	}
	defer func() { <-h.slots }()
	body, status, err := h.read(w, r)
	if err != nil {
		refuse(status, codes.InvalidArgument, err.Error())
		return
	}
	refused, err := h.decode(r.Context(), body, encoding)
	switch {
	case err == nil:
		h.accept(w, encoding, refused)
	case errors.Is(err, ErrTooLarge):
		refuse(http.StatusRequestEntityTooLarge, codes.InvalidArgument, err.Error())
	case errors.Is(err, ErrUnreadable):
		refuse(http.StatusBadRequest, codes.InvalidArgument, err.Error())
	case errors.Is(err, ErrBusy):
		h.busy(w, encoding)
	default:
		refuse(http.StatusInternalServerError, codes.Internal, err.Error())
	}
}

// decode waits for the memory that a request takes, and hands over what is in it.
func (h *handler) decode(ctx context.Context, body []byte, e Encoding) (Refused, error) {
	size, err := inspect(body, e, h.kind)
	if err != nil {
		return Refused{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if h.room.Acquire(ctx, size) != nil {
		return Refused{}, ErrBusy
	}
	defer h.room.Release(size)
	return h.take(body, e)
}

// early is how much of a body must have arrived before it takes a slot.
const early = 64 << 10

// awaitBody waits for the start of a body, so that a slow sender has no slot meanwhile.
func (h *handler) awaitBody(w http.ResponseWriter, r *http.Request) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(h.ReadTimeout)) // a recorder of tests has none
	if r.ContentLength > h.Limit {
		return
	}
	start := bufio.NewReaderSize(r.Body, early)
	_, _ = start.Peek(early) // the error comes again when the body is read
	r.Body = struct {
		io.Reader
		io.Closer
	}{start, r.Body}
}

// slot waits until the request may be read.
func (h *handler) slot(ctx context.Context) bool {
	select {
	case h.slots <- struct{}{}:
		return true
	default:
	}
	wait := time.NewTimer(patience)
	defer wait.Stop()
	select {
	case h.slots <- struct{}{}:
		return true
	case <-wait.C:
	case <-ctx.Done():
	}
	return false
}

func (h *handler) busy(w http.ResponseWriter, e Encoding) {
	w.Header().Set("Retry-After", strconv.Itoa(max(int(h.RetryAfter/time.Second), 1)))
	writeStatus(w, e, http.StatusServiceUnavailable, codes.Unavailable, ErrBusy.Error())
}

func (h *handler) accept(w http.ResponseWriter, e Encoding, refused Refused) {
	body, err := h.answer(refused, e)
	if err != nil {
		writeStatus(w, e, http.StatusInternalServerError, codes.Internal, err.Error())
		return
	}
	w.Header().Set("Content-Type", e.mediaType())
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(body) // the sender has gone
}

// read returns the body, inflated. It reads at most the limit, before and after inflating.
func (h *handler) read(w http.ResponseWriter, r *http.Request) ([]byte, int, error) {
	tooLarge := fmt.Errorf("%w: the body has more than %d bytes", ErrTooLarge, h.Limit)
	if r.ContentLength > h.Limit {
		return nil, http.StatusRequestEntityTooLarge, tooLarge
	}
	var body io.Reader = http.MaxBytesReader(w, r.Body, h.Limit)
	switch encoding := strings.ToLower(r.Header.Get("Content-Encoding")); encoding {
	case "", "identity":
	case "gzip":
		inflated, err := gzip.NewReader(body)
		if err != nil {
			return nil, http.StatusBadRequest, fmt.Errorf("%w: the body is not gzip: %w", ErrUnreadable, err)
		}
		body = inflated
	default:
		w.Header().Set("Accept-Encoding", "gzip, identity")
		return nil, http.StatusUnsupportedMediaType, fmt.Errorf("Content-Encoding %q is not supported: use gzip or none", text(encoding, 100))
	}
	all, err := io.ReadAll(io.LimitReader(body, h.Limit+1))
	var limit *http.MaxBytesError
	switch {
	case errors.As(err, &limit) || int64(len(all)) > h.Limit:
		return nil, http.StatusRequestEntityTooLarge, tooLarge
	case err != nil:
		return nil, http.StatusBadRequest, fmt.Errorf("%w: the body ends early: %w", ErrUnreadable, err)
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	return all, 0, nil
}

// encodingOf reads a Content-Type.
func encodingOf(contentType string) (Encoding, bool) {
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return JSON, false
	}
	switch media {
	case "application/x-protobuf":
		return Protobuf, true
	case "application/json":
		return JSON, true
	default:
		return JSON, false
	}
}

func (e Encoding) mediaType() string {
	if e == JSON {
		return "application/json"
	}
	return "application/x-protobuf"
}
