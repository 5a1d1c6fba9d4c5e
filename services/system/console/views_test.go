package console

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"traceria/services/system/systemtest"
)

// screen is a size of the window, in CSS pixels.
type screen struct {
	name          string
	width, height int64
}

var (
	desktop = screen{"desktop", 1440, 900}
	phone   = screen{"phone", 390, 844}
	screens = []screen{desktop, phone}
	themes  = []string{"light", "dark"}
)

// violation is a finding of axe-core.
type violation struct {
	ID    string `json:"id"`
	Help  string `json:"help"`
	Nodes []struct {
		HTML    string `json:"html"`
		Summary string `json:"failureSummary"`
	} `json:"nodes"`
}

// axe is the script of axe-core, which npm installs into the page's folder.
func axe(t *testing.T) string {
	t.Helper()
	script, err := os.ReadFile(systemtest.InRepository(t, "services/console/page/node_modules/axe-core/axe.min.js"))
	if err != nil {
		t.Fatalf("%v: `make test` installs it, with npm", err)
	}
	return string(script)
}

// audit fails the test for each violation that axe-core finds on the page.
func (b *browser) audit(t *testing.T, script, where string) {
	t.Helper()
	if !b.holds(t, "window.axe") {
		b.do(t, chromedp.Evaluate[chromedp.Void](script))
	}
	found := value[[]violation](t, b, `axe.run(document, {resultTypes: ['violations']}).then(r => r.violations)`)
	for _, v := range found {
		for i, node := range v.Nodes {
			if i == 3 {
				t.Errorf("%s: %s: and %d more", where, v.ID, len(v.Nodes)-i)
				break
			}
			t.Errorf("%s: %s (%s)\n  %s\n  %s", where, v.ID, v.Help, node.HTML, strings.ReplaceAll(node.Summary, "\n", "\n  "))
		}
	}
}

// sideways fails the test if the page scrolls sideways.
func (b *browser) sideways(t *testing.T, where string) {
	t.Helper()
	if over := value[float64](t, b, `document.scrollingElement.scrollWidth - innerWidth`); over > 0 {
		t.Errorf("%s scrolls sideways by %.0f pixels", where, over)
	}
}

// testViews opens each view in both themes and both sizes: axe-core finds nothing, the page does not scroll sideways, and pictures are
// taken.
func testViews(t *testing.T, base string, views map[string]string) {
	script := axe(t)
	for _, s := range screens {
		t.Run(s.name, func(t *testing.T) {
			b := openBrowser(t, base, s.width, s.height)
			for _, theme := range themes {
				b.theme(t, theme)
				for name, path := range views {
					b.open(t, path)
					b.await(t, name+" is at rest", `!document.querySelector('main [aria-busy="true"]')`)
					where := fmt.Sprintf("%s (%s, %s, %s)", name, path, theme, s.name)
					if s == desktop || theme == "light" {
						b.audit(t, script, where)
					}
					b.sideways(t, where)
					b.shoot(t, strings.Join([]string{name, theme, s.name}, "-"))
				}
			}
		})
	}
}

// quoted is a text as an expression of JavaScript.
func quoted(text string) string {
	script, _ := json.Marshal(text) // a string can always be written
	return string(script)
}
