package wire

import (
	"bufio"
	"encoding/binary"
	"errors"
	"net"
	"slices"
	"strings"
	"sync/atomic"

	"traceria/telemetry/otelamqp"
)

// Frames of AMQP 0-9-1 (4.2.3): type, channel (2 bytes) and size (4) of the payload, the payload, and an end octet.
const (
	frameStart     = 1 + 2 + 4
	frameEnd       = 1
	frameOfHeaders = 2
)

// maxFrame is the largest header frame that is parsed, in bytes. A larger one is not changed.
const maxFrame = 16 << 20

// frameGuard stands between the socket and amqp091-go, and shortens header frames that amqp091-go cannot read.
//
// RabbitMQ adds headers to messages that it delivers again (x-delivery-count) or dead-letters (x-death). The frame may then
// exceed the negotiated size. amqp091-go closes the connection for such a frame, and for headers that are nested too deeply
// or too many: one message would end all consumers at each delivery. The guard removes headers, and [HeaderCut] names them.
type frameGuard struct {
	net.Conn
	in *bufio.Reader
	// limit is the largest frame that amqp091-go reads, in bytes.
	limit atomic.Int64
	// passing is the number of bytes to pass on unchanged. pending are bytes that replace others.
	passing int64
	pending []byte
}

func newFrameGuard(conn net.Conn) *frameGuard {
	g := &frameGuard{Conn: conn, in: bufio.NewReaderSize(conn, 64<<10)}
	g.limit.Store(otelamqp.DefaultFrameSize)
	return g
}

// Read implements io.Reader.
func (g *frameGuard) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if g.passing == 0 && len(g.pending) == 0 {
		if err := g.next(); err != nil {
			return 0, err
		}
	}
	if len(g.pending) > 0 {
		n := copy(p, g.pending)
		g.pending = g.pending[n:]
		return n, nil
	}
	n, err := g.in.Read(p[:min(int64(len(p)), g.passing)])
	g.passing -= int64(n)
	return n, err
}

// next looks at the next frame.
func (g *frameGuard) next() error {
	start, err := g.in.Peek(frameStart)
	if err != nil {
		if n := g.in.Buffered(); n > 0 { // the connection broke inside a frame, which amqp091-go reports
			g.passing = int64(n)
			return nil
		}
		return err
	}
	if start[0] == 'A' { // the protocol header: the answer of a broker of another AMQP version
		g.passing = int64(len("AMQP")) + 4
		return nil
	}
	size := int64(binary.BigEndian.Uint32(start[3:]))
	whole := frameStart + size + frameEnd
	if start[0] != frameOfHeaders || size > maxFrame {
		g.passing = whole
		return nil
	}
	frame := make([]byte, whole)
	n, err := readFull(g.in, frame)
	if err != nil {
		if n > 0 {
			g.pending = frame[:n]
			return nil // the next read returns the error
		}
		return err
	}
	g.pending = frame
	if shorter, ok := shortenHeaders(frame[frameStart:whole-frameEnd], int(g.limit.Load())-frameStart-frameEnd); ok {
		g.pending = append(slices.Clone(frame[:3]), binary.BigEndian.AppendUint32(nil, uint32(len(shorter)))...) //nolint:gosec // shorter than the size
		g.pending = append(append(g.pending, shorter...), frame[whole-frameEnd])
	}
	return nil
}

// readFull is like io.ReadFull, and returns what was read when a deadline interrupts it.
func readFull(in *bufio.Reader, p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		var more int
		more, err = in.Read(p[n:])
		n += more
	}
	if n == len(p) {
		err = nil
	}
	return n, err
}

// errFrame says that a header frame cannot be parsed. It is passed on unchanged.
var errFrame = errors.New("unreadable header frame")

// shortenHeaders returns the payload of a header frame with fewer headers, at most most bytes. It is not ok if the payload
// needs no change or cannot be parsed.
func shortenHeaders(payload []byte, most int) (shorter []byte, ok bool) {
	before, entries, after, err := headersIn(payload)
	if err != nil {
		return nil, false
	}
	kept, names := chooseHeaders(entries, most-len(before)-tableStart-len(after))
	if len(names) == 0 {
		return nil, false
	}
	shorter = append(slices.Clone(before), make([]byte, tableStart)...)
	for _, e := range kept {
		shorter = append(shorter, e.bytes...)
	}
	shorter = append(shorter, cutEntry(names)...)
	binary.BigEndian.PutUint32(shorter[len(before):], uint32(len(shorter)-len(before)-tableStart)) //nolint:gosec // below maxFrame
	return append(shorter, after...), true
}

// chooseHeaders removes unreadable headers, and then the largest headers of others, until the rest and [HeaderCut] fit. Ours
// and the trace context are removed last: otherwise many small headers of others could remove the count of retries.
func chooseHeaders(entries []headerEntry, room int) (kept []headerEntry, names []string) {
	size := 0
	for _, e := range entries {
		if e.unreadable {
			names = append(names, e.name)
			continue
		}
		kept = append(kept, e)
		size += len(e.bytes)
	}
	if len(names) == 0 && size <= room && len(kept) <= maxHeaderEntries {
		return kept, nil
	}
	room -= cutMost
	kept, earlier := withoutCut(kept) // the new list has the names of the earlier one
	for _, e := range earlier {
		names = slices.Insert(names, 0, string(e.bytes[1+len(HeaderCut)+1+tableStart:]))
		size -= len(e.bytes)
	}
	bySize := slices.Clone(kept)
	slices.SortStableFunc(bySize, func(a, b headerEntry) int {
		if own := isOurs(b.name); isOurs(a.name) != own {
			if own {
				return -1
			}
			return 1
		}
		return len(b.bytes) - len(a.bytes)
	})
	gone := map[string]bool{}
	for i := 0; i < len(bySize) && (size > room || len(bySize)-i >= maxHeaderEntries); i++ {
		size -= len(bySize[i].bytes)
		gone[bySize[i].name] = true
		names = append(names, bySize[i].name)
	}
	return slices.DeleteFunc(kept, func(e headerEntry) bool { return gone[e.name] }), names
}

// withoutCut separates the headers that name what was removed earlier.
func withoutCut(entries []headerEntry) (rest, cut []headerEntry) {
	for _, e := range entries {
		if e.name == HeaderCut && e.bytes[1+len(HeaderCut)] == 'S' {
			cut = append(cut, e)
		} else {
			rest = append(rest, e)
		}
	}
	return rest, cut
}

// cutMost is the largest size of the entry of [HeaderCut], in bytes.
const cutMost = 1 + len(HeaderCut) + 1 + 4 + maxText + len("…")

func cutEntry(names []string) []byte {
	text := Shortened(strings.ToValidUTF8(strings.Join(names, ","), "?"))
	entry := append([]byte{byte(len(HeaderCut))}, HeaderCut...)
	entry = append(entry, 'S')
	entry = binary.BigEndian.AppendUint32(entry, uint32(len(text))) //nolint:gosec // at most maxText
	return append(entry, text...)
}
