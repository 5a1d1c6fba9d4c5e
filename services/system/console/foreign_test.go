package console

import (
	"os"
	"testing"

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
			// A file is dropped onto the page.
			b.do(t, chromedp.Evaluate[chromedp.Void](`(() => { const files = new DataTransfer();
			  files.items.add(new File([`+quoted(string(spans))+`], 'spans.json', {type: 'application/json'}));
			  const at = document.querySelector('main');
			  for (const type of ['dragenter', 'dragover', 'drop']) at.dispatchEvent(new DragEvent(type, {dataTransfer: files, bubbles: true, cancelable: true}));
			})()`))
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
			testViews(t, base, map[string]string{"foreign-" + kind: "/journeys/basket-2", "foreign-map-" + kind: "/map", "foreign-list-" + kind: "/journeys"})
		})
	}
}
