package console

import (
	"encoding/json"
	"sync"

	"traceria/services/console/journeys"
)

// rowTexts keeps the JSON of rows, so that a row is encoded once for all streams.
type rowTexts struct {
	mu    sync.Mutex
	texts map[string]rowText
	bytes int // of all texts
}

type rowText struct {
	version uint64
	text    []byte
}

// mostTexts limits the kept texts, and mostTextBytes their size. Beyond them all are dropped and made again when they are needed.
const (
	mostTexts     = 10_000
	mostTextBytes = 32 << 20
)

// of returns the JSON of a row. It is nil for a row that cannot be encoded.
func (t *rowTexts) of(row journeys.Row) []byte {
	t.mu.Lock()
	known, ok := t.texts[row.ID]
	t.mu.Unlock()
	if ok && known.version == row.Version {
		return known.text
	}
	text, err := json.Marshal(row)
	if err != nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.texts == nil || len(t.texts) >= mostTexts || t.bytes > mostTextBytes {
		t.texts, t.bytes = map[string]rowText{}, 0
	}
	if before := t.texts[row.ID]; before.version <= row.Version {
		t.bytes += len(text) - len(before.text)
		t.texts[row.ID] = rowText{row.Version, text}
	}
	return text
}

// drop forgets rows that are gone.
func (t *rowTexts) drop(ids []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, id := range ids {
		t.bytes -= len(t.texts[id].text)
		delete(t.texts, id)
	}
}
