package journeys

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/klauspost/compress/zstd"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"traceria/telemetry/otlp"
	"traceria/telemetry/tracetree"
)

const (
	// maxBlocks is the most blocks of a journey before they become one.
	maxBlocks = 16
	// leastMerged is the size of the spans in blocks, before compression, up to which they are compressed again with new ones.
	leastMerged = 256 << 10
	// maxBlock is the most bytes of a block that is decompressed.
	maxBlock = 256 << 20
)

var (
	encoder = sync.OnceValue(func() *zstd.Encoder {
		e, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithWindowSize(1<<20))
		if err != nil {
			panic(fmt.Sprintf("make the compressor: %v", err)) // the options are constant
		}
		return e
	})
	decoder = sync.OnceValue(func() *zstd.Decoder {
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxBlock))
		if err != nil {
			panic(fmt.Sprintf("make the decompressor: %v", err))
		}
		return d
	})
)

// stored is what a journey had at one moment. Its contents do not change, so that it can be read without the lock.
type stored struct {
	blocks []block
	open   [][]tracetree.Span
	logs   [][]otlp.Log
	spans  int
	raw    int64 // the bytes of the spans when they are not compressed
}

// readLogs returns the logs by time.
func (st stored) readLogs() []otlp.Log {
	var logs []otlp.Log
	for _, b := range st.blocks {
		logs = append(logs, b.logsIn()...)
	}
	for _, open := range st.logs {
		logs = append(logs, open...)
	}
	slices.SortStableFunc(logs, func(a, b otlp.Log) int { return a.At.Compare(b.At) })
	return logs
}

// stored returns what a journey has.
func (j *journey) stored() stored {
	out := stored{blocks: slices.Clone(j.blocks), spans: j.spans, raw: j.raw}
	for p := range j.parts {
		if len(p.open) > 0 {
			out.open = append(out.open, slices.Clip(p.open))
		}
		if len(p.logs) > 0 {
			out.logs = append(out.logs, slices.Clip(p.logs))
		}
	}
	return out
}

// read returns the spans by start. Of several versions of a span it keeps the longest, which has ended.
func (st stored) read() []tracetree.Span {
	spans := make([]tracetree.Span, 0, st.spans)
	for _, b := range st.blocks {
		spans = append(spans, b.spansIn()...)
	}
	for _, open := range st.open {
		spans = append(spans, open...)
	}
	return distinct(spans)
}

func distinct(spans []tracetree.Span) []tracetree.Span {
	byTime := func(a, b tracetree.Span) int { return before(&a, &b) }
	slices.SortFunc(spans, byTime)
	type key struct{ trace, span string }
	at := make(map[key]int, len(spans))
	out := spans[:0]
	for _, s := range spans {
		k := key{s.TraceID, s.SpanID}
		i, known := at[k]
		switch {
		case !known:
			at[k] = len(out)
			out = append(out, s)
		case s.Duration > out[i].Duration || s.Duration == out[i].Duration && len(s.Attributes) > len(out[i].Attributes):
			out[i] = s
		}
	}
	slices.SortStableFunc(out, byTime)
	return out
}

// seal compresses the spans and the logs.
func seal(spans []tracetree.Span, logs []otlp.Log) block {
	slices.SortStableFunc(spans, byResource)
	var traces ptrace.ProtoMarshaler
	var records plog.ProtoMarshaler
	b := block{spans: len(spans), raw: sizeOfAll(spans)}
	raw, err := traces.MarshalTraces(otlp.Traces(spans))
	if err == nil {
		b.data = bytes.Clone(encoder().EncodeAll(raw, nil))
	}
	if len(logs) > 0 {
		if raw, err = records.MarshalLogs(otlp.Logs(logs)); err == nil {
			b.logs = bytes.Clone(encoder().EncodeAll(raw, nil))
		}
	}
	return b
}

// byResource puts spans of one service together, so that its attributes are written once.
func byResource(a, b tracetree.Span) int {
	if c := strings.Compare(a.Service, b.Service); c != 0 {
		return c
	}
	return strings.Compare(a.Scope.Name, b.Scope.Name)
}

// protobuf returns the spans as they were before compression, in the memory of buffer if there is room.
func (b block) protobuf(buffer []byte) []byte {
	raw, err := decoder().DecodeAll(b.data, buffer[:0])
	if err != nil {
		return nil // the store wrote it itself
	}
	return raw
}

func (b block) spansIn() []tracetree.Span { return decoded(b.protobuf(nil)) }

func decoded(raw []byte) []tracetree.Span {
	var u ptrace.ProtoUnmarshaler
	traces, err := u.UnmarshalTraces(raw)
	if err != nil {
		return nil
	}
	spans, _ := otlp.Spans(traces)
	return spans
}

func (b block) logsIn() []otlp.Log {
	if len(b.logs) == 0 {
		return nil
	}
	raw, err := decoder().DecodeAll(b.logs, nil)
	if err != nil {
		return nil
	}
	var u plog.ProtoUnmarshaler
	logs, err := u.UnmarshalLogs(raw)
	if err != nil {
		return nil
	}
	return otlp.LogRecords(logs)
}

func (b block) size() int64 { return int64(len(b.data)+len(b.logs)) + blockCost }

// unseal puts the spans in the blocks of a journey back into its parts, because a part leaves the journey.
func (s *Store) unseal(j *journey) {
	if len(j.blocks) == 0 {
		return
	}
	blocks := j.blocks
	j.blocks = nil
	for _, b := range blocks {
		s.charge(j, -b.size())
		spans := b.spansIn()
		for i := range spans {
			t := s.traces[spans[i].TraceID]
			if t == nil {
				continue
			}
			p := t.sole
			if t.parts != nil {
				p = t.parts[t.indexed(&spans[i])]
			}
			if p == nil || p.journey != j {
				continue
			}
			size := sizeAfter(p.open, &spans[i])
			p.open = append(p.open, spans[i])
			s.opened(p, size)
			s.grow(p, size)
		}
		for _, l := range b.logsIn() {
			s.giveLog(s.traces[l.TraceID], l)
		}
	}
	j.moves++
	s.open[j] = true
}
