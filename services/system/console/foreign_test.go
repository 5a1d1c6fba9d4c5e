package console

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"traceria/services/system/systemtest"
)

// Recorded spans of Node's amqplib instrumentation are read from a file: three journeys with waits, the same with parents and with
// links.
func TestForeignSpansAreJourneysWithWaits(t *testing.T) {
	if testing.Short() {
		t.Skip("it needs Chromium")
	}
	for _, kind := range []string{"parent", "links"} {
		t.Run(kind, func(t *testing.T) {
			base := alone(t)
			b := openBrowser(t, base, desktop.width, desktop.height)
			b.open(t, "/journeys")
			file := systemtest.InRepository(t, "telemetry/tracetree/testdata/otlp/amqplib-"+kind+".json")
			spans, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			b.drop(t, "spans.json", string(spans))
			b.await(t, "three journeys", `['basket-1','basket-2','basket-3'].every(id => document.querySelector('[data-id="' + id + '"]'))`)
			rows := get[struct {
				Journeys []journey `json:"journeys"`
			}](t, base+"/api/journeys").Journeys
			states := map[string]string{}
			for _, row := range rows {
				states[row.ID] = row.State
				if row.WaitMS <= 0 {
					t.Errorf("%s has no wait: %+v", row.ID, row)
				}
			}
			if len(rows) != 3 || states["basket-1"] != "done" || states["basket-2"] != "done" || states["basket-3"] != "dead" {
				t.Errorf("the journeys are %v", states)
			}
			b.open(t, "/journeys/basket-2")
			b.await(t, "a wait that was worked out is marked", `document.querySelector('[data-bar="wait"][data-told="false"]')`)
			b.see(t, "warehouse")
			if attempts := get[struct {
				Row journey `json:"row"`
			}](t, base+"/api/journeys/basket-2").Row.Attempts; attempts != 2 {
				t.Errorf("basket-2 has %d attempts, want 2", attempts)
			}
			if kind == "parent" {
				return // the same views
			}
			testViews(t, base, map[string]string{"foreign-" + kind: "/journeys/basket-2", "foreign-map-" + kind: "/map", "foreign-list-" + kind: "/journeys"})
		})
	}
}

// drop drops a file onto the page.
func (b *browser) drop(t *testing.T, name, content string) {
	t.Helper()
	b.do(t, chromedp.Evaluate[chromedp.Void](`(() => { const files = new DataTransfer();
	  files.items.add(new File([`+quoted(content)+`], `+quoted(name)+`));
	  const at = document.querySelector('main');
	  for (const type of ['dragenter', 'dragover', 'drop']) at.dispatchEvent(new DragEvent(type, {dataTransfer: files, bubbles: true, cancelable: true}));
	})()`))
}

// An exported page shows the journey without a server, and another console reads it.
func TestAnExportIsReadBackByDragAndDrop(t *testing.T) {
	if testing.Short() {
		t.Skip("it needs Chromium")
	}
	here, there := alone(t), alone(t)
	post(t, here, orderSpans("exported", time.Now().Add(-time.Minute)))
	var page string
	systemtest.Eventually(t, 10*time.Second, "the journey is exported", func() bool {
		var status int
		status, page = send(t, http.MethodGet, here+"/api/journeys/exported/export?format=html", "")
		return status == http.StatusOK
	})
	file := filepath.Join(t.TempDir(), "exported.html")
	if err := os.WriteFile(file, []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	b := openBrowser(t, there, desktop.width, desktop.height)
	b.do(t, chromedp.Navigate("file://"+file))
	b.await(t, "the exported page draws waits and work", `document.querySelectorAll('svg rect.b-wait').length > 5 && document.querySelectorAll('svg rect.b-work').length > 5`)
	if !b.holds(t, `getComputedStyle(document.querySelector('.rows')).borderRadius === '8px'`) {
		t.Error("the policy of the exported page refuses its style")
	}
	b.audit(t, axe(t), "the exported page")
	b.shoot(t, "exported")
	for name, content := range map[string]string{"exported.html": page, "exported.json": exported(t, here)} {
		b.open(t, "/journeys")
		b.drop(t, name, content)
		b.await(t, name+" is read", `location.pathname.startsWith('/journeys/exported') || document.querySelector('[data-id="exported"]')`)
	}
	if spans := get[struct {
		Row journey `json:"row"`
	}](t, there+"/api/journeys/exported").Row.Spans; spans != len(orderSpans("exported", time.Now())) {
		t.Errorf("the journey that was read back has %d spans", spans)
	}
}

func exported(t *testing.T, base string) string {
	t.Helper()
	status, text := send(t, http.MethodGet, base+"/api/journeys/exported/export?format=otlp", "")
	if status != http.StatusOK {
		t.Fatalf("the export answers %d %.200s", status, text)
	}
	return text
}
