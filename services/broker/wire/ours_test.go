package wire

import (
	"encoding/binary"
	"fmt"
	"slices"
	"testing"
)

func stringEntry(name, value string) []byte {
	entry := append([]byte{byte(len(name))}, name...)
	entry = binary.BigEndian.AppendUint32(append(entry, 'S'), uint32(len(value))) //nolint:gosec // small
	return append(entry, value...)
}

// Headers of others are removed, however small, before ours and the trace context.
func TestHeadersOfOursAreTheLastToBeCut(t *testing.T) {
	t.Parallel()
	table := stringEntry("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	table = append(table, stringEntry("traceria-first-exchange", "events")...)
	table = append(table, stringEntry("ce-id", "e-1.v1")...)
	table = append(append(table, "\x0etraceria-retryl"...), binary.BigEndian.AppendUint64(nil, 2)...)
	for i := range 200 {
		table = append(table, stringEntry(fmt.Sprintf("f%03d", i), "1234")...)
	}
	payload := headerFrame(table)
	shorter, ok := shortenHeaders(payload, len(payload)-100)
	if !ok {
		t.Fatal("it was not shortened")
	}
	_, entries, _, err := headersIn(shorter)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"traceparent", "traceria-first-exchange", "traceria-retry", "ce-id"} {
		if !slices.ContainsFunc(entries, func(e headerEntry) bool { return e.name == name }) {
			t.Errorf("%s was cut", name)
		}
	}
}
