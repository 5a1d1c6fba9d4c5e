package wire

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// headerFrame is the payload of a header frame with a content type and the given table of headers.
func headerFrame(table []byte) []byte {
	payload := append(make([]byte, 12), 0xb0, 0) // content type, headers and delivery mode
	payload = append(payload, 3, 'a', '/', 'b')
	payload = binary.BigEndian.AppendUint32(payload, uint32(len(table))) //nolint:gosec // small
	return append(append(payload, table...), 2)
}

// No input panics. A shortened frame can be read, is small enough, and keeps the rest of the frame.
func FuzzShortenHeaders(f *testing.F) {
	f.Add([]byte("\x01aS\x00\x00\x00\x02hi"), 200)
	f.Add([]byte("\x01aF\x00\x00\x00\x04\x01bt\x01\x01cA\x00\x00\x00\x02t\x01"), 10)
	f.Add([]byte("\x01aV\x01bl12345678\x01cI1234\x01dx\x00\x00\x00\x01z"), 700)
	f.Add(append([]byte("\x03bigS\x00\x00\x04\x00"), bytes.Repeat([]byte("x"), 1024)...), 800)
	f.Fuzz(func(t *testing.T, table []byte, most int) {
		if _, ok := shortenHeaders(table, most); ok && len(table) < 20 {
			t.Error("such a frame has no headers")
		}
		payload := headerFrame(table)
		shorter, ok := shortenHeaders(payload, most)
		if !ok {
			return
		}
		before, entries, after, err := headersIn(shorter)
		if err != nil || len(entries) == 0 || entries[len(entries)-1].name != HeaderCut {
			t.Fatalf("%d entries, %v", len(entries), err)
		}
		if !bytes.Equal(before, payload[:18]) || !bytes.Equal(after, []byte{2}) {
			t.Errorf("the rest of the frame is %x and %x", before, after)
		}
		if most > cutMost+100 && len(shorter) > most {
			t.Errorf("%d bytes, at most %d go", len(shorter), most)
		}
	})
}

// A message that is shortened again names all removed headers in one header.
func TestHeadersThatWereCutBeforeStayNamed(t *testing.T) {
	t.Parallel()
	table := append(cutEntry([]string{"first", "second"}), "\x03bigS\x00\x00\x08\x00"...)
	table = append(table, bytes.Repeat([]byte("x"), 2048)...)
	shorter, ok := shortenHeaders(headerFrame(table), 1000)
	if !ok {
		t.Fatal("nothing was cut")
	}
	_, entries, _, err := headersIn(shorter)
	if err != nil || len(entries) != 1 || string(entries[0].bytes) != string(cutEntry([]string{"first,second", "big"})) {
		t.Errorf("%+v, %v", entries, err)
	}
}
