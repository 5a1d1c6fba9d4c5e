package console

import (
	"fmt"
	"strings"
	"testing"

	"traceria/services/console/journeys"
)

// The kept texts have a limit of bytes, also when each row is as large as a row can be. Their count follows each change.
func TestTheTextsOfRowsAreBounded(t *testing.T) {
	t.Parallel()
	var texts rowTexts
	names := []string{strings.Repeat("\x00", 100_000)}
	for n := range 200 {
		texts.of(journeys.Row{ID: fmt.Sprint(n % 150), Version: uint64(n + 1), Services: names})
		if n%10 == 0 {
			texts.drop([]string{fmt.Sprint(n), "unknown"})
		}
		sum := 0
		for _, kept := range texts.texts {
			sum += len(kept.text)
		}
		if sum != texts.bytes || sum > mostTextBytes+(1<<20) {
			t.Fatalf("after %d rows %d bytes are kept, the account says %d, the limit is %d", n+1, sum, texts.bytes, mostTextBytes)
		}
	}
}
