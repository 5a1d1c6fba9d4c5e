package event_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"traceria/services/event"
)

func TestAnAddressIDIsReadAsItWasIssued(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 1000 {
		id := event.NewAddressID()
		parsed, err := uuid.Parse(id)
		if err != nil || parsed.Version() != 8 || parsed.Variant() != uuid.RFC4122 || seen[id] {
			t.Fatalf("%q, seen: %t, %v", id, seen[id], err)
		}
		seen[id] = true
		for _, written := range []string{id, strings.ToUpper(id)} {
			if got, err := event.ParseAddressID(written); err != nil || got != id {
				t.Fatalf("%s is read as %s, %v", written, got, err)
			}
		}
	}
}

func TestAnIDThatIsNoneOfAnAddressIsRefused(t *testing.T) {
	t.Parallel()
	id := event.NewAddressID()
	for _, wrong := range []string{
		"", "a-1", "nowhere", id[1:], id + "0", "urn:uuid:" + id, "{" + id + "}", strings.ReplaceAll(id, "-", ""),
		"a\x00b", "\xff", uuid.Nil.String(), uuid.Max.String(), uuid.NewString(), uuid.Must(uuid.NewV7()).String(),
	} {
		if got, err := event.ParseAddressID(wrong); err == nil {
			t.Errorf("%q is read as %s", wrong, got)
		}
	}
}

// A CRC-32 finds every error burst of at most 32 bits.
func TestAMistypedAddressIDIsRefused(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		id := []byte(event.NewAddressID())
		before := string(id)
		at := rapid.IntRange(0, len(id)-1).Draw(t, "place")
		if id[at] == '-' {
			return
		}
		id[at] = rapid.SampledFrom([]byte("0123456789abcdef")).Draw(t, "digit")
		if string(id) == before {
			return
		}
		if got, err := event.ParseAddressID(string(id)); err == nil {
			t.Fatalf("%s for %s is read as %s", id, before, got)
		}
	})
}
