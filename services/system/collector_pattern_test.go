package system

import (
	"os"
	"regexp"
	"slices"
	"testing"

	"traceria/services/system/systemtest"
)

// The Collector's patterns for address lines mean what one pattern says, which takes ten times as long.
func TestThePatternsForAddressLinesMeanTheSame(t *testing.T) {
	meant := regexp.MustCompile(`(street|Street|STREET|[aA]ddress_?[lL]ine_?[0-9]*|ADDRESS_?LINE_?[0-9]*)$`)
	text, err := os.ReadFile(systemtest.InRepository(t, "collector/collector.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var patterns []*regexp.Regexp
	for _, found := range regexp.MustCompile(`pattern: '([^']*)'`).FindAllSubmatch(text, -1) {
		patterns = append(patterns, regexp.MustCompile(string(found[1])))
	}
	parts := []string{"", "street", "Street", "STREET", "address", "Address", "ADDRESS", "line", "Line", "LINE", "_", ".", "1", "22", "x", "addressLine2", "\n"}
	names := []string{""}
	for range 4 {
		var longer []string
		for _, name := range names {
			for _, part := range parts {
				longer = append(longer, name+part)
			}
		}
		names = longer
	}
	for _, name := range names {
		got := slices.ContainsFunc(patterns, func(p *regexp.Regexp) bool { return p.MatchString(name) })
		if want := meant.MatchString(name); got != want {
			t.Fatalf("%q: deleted is %t, want %t", name, got, want)
		}
	}
}
