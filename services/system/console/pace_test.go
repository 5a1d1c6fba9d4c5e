package console

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"traceria/services/system/systemtest"
)

// The limits of the page.
const (
	mostBehind   = time.Second
	longestFrame = 100 * time.Millisecond // of the processor's time, see watchFrames
	mostBytes    = 200_000
)

// probe measures in the page. The id of an order has the millisecond at which it was placed: the newest one in the list says how far
// the page is behind.
const probe = `(() => {
  const p = window.pace = {frames: [], behind: [], seen: new Set()};
  let last = performance.now();
  const look = now => {
    p.frames.push(now - last); last = now;
    let newest = 0;
    for (const row of document.querySelectorAll('[data-id^="order-"]')) {
      p.seen.add(row.dataset.id);
      newest = Math.max(newest, Number(row.dataset.id.slice(6)));
    }
    if (newest) p.behind.push(Date.now() - newest);
    p.next = requestAnimationFrame(look);
  };
  p.next = requestAnimationFrame(look);
})()`

// pace is what the probe has measured.
type pace struct {
	Frames  int     `json:"frames"`
	Longest float64 `json:"longest"`
	P99     float64 `json:"p99"`
	Behind  float64 `json:"behind"`
	Seen    int     `json:"seen"`
}

const reading = `(() => {
  const p = window.pace; cancelAnimationFrame(p.next);
  const sorted = p.frames.slice(1).sort((a, b) => a - b), behind = p.behind.slice().sort((a, b) => a - b);
  return {frames: sorted.length, longest: sorted.at(-1), p99: sorted[Math.floor(sorted.length * 0.99)], behind: behind.at(-1) ?? -1, seen: p.seen.size};
})()`

// 5,000 journeys are listed while 50 orders a second arrive. The page is never more than a second behind, and no frame takes more than
// 100 ms, the first ones with all journeys included.
func TestThePageKeepsItsPace(t *testing.T) {
	if testing.Short() {
		t.Skip("it needs Chromium")
	}
	base := alone(t)
	backlog(t, base, 5000)
	b := openBrowser(t, base, 1440, 900)
	b.open(t, "/parts")
	for _, view := range []string{"list", "lanes"} {
		t.Run(view, func(t *testing.T) {
			read := watchFrames(t, b)
			b.open(t, "/journeys?sort=newest&view="+view)
			b.await(t, "5,000 journeys are listed", `/[45][0-9,. ]{4} journey/.test(document.querySelector('.j-foot').textContent)`)
			stop := steady(t, base, 50, 15*time.Second)
			time.Sleep(2 * time.Second) // the first orders are there
			b.do(t, chromedp.Evaluate[chromedp.Void](probe))
			time.Sleep(10 * time.Second)
			got := value[pace](t, b, reading)
			placed, frames := stop(), read()
			t.Logf("%s: %d orders placed, %d seen, at most %.0f ms behind", view, placed, got.Seen, got.Behind)
			t.Logf("%s: work in %d frames: mean %.1f ms, p99 %.1f ms, longest %.1f ms; longest task %.1f ms", view, frames.Frames, frames.Mean, frames.P99, frames.Longest, frames.LongestTask)
			t.Logf("%s: distance of %d frames: p99 %.1f ms, longest %.1f ms; longest task with waits %.1f ms", view, got.Frames, got.P99, got.Longest, frames.LongestWait)
			if limit := float64(longestFrame.Milliseconds()); frames.Longest > limit || frames.Longest <= 0 || frames.Frames < 100 {
				t.Errorf("%d frames, the longest took %.1f ms of the processor; want at most %.0f ms", frames.Frames, frames.Longest, limit)
			}
			// An order's first spans end and are sent 200 ms later at most: that is not the page's.
			if limit := float64((mostBehind + 200*time.Millisecond).Milliseconds()); view == "list" && (got.Behind < 0 || got.Behind > limit) {
				t.Errorf("the page is %.0f ms behind, want at most %.0f ms", got.Behind, limit)
			}
		})
	}
	memory := get[struct {
		Memory struct {
			Bytes, LimitBytes, Spans, Journeys int64
		} `json:"memory"`
	}](t, base+"/api/journeys?limit=1").Memory
	t.Logf("the console keeps %d journeys with %d spans in %d bytes of %d", memory.Journeys, memory.Spans, memory.Bytes, memory.LimitBytes)
	if memory.Journeys < 5000 || memory.Bytes > memory.LimitBytes {
		t.Errorf("it keeps %+v, want 5000 journeys or more within the limit", memory)
	}
}

// size is what a page has loaded without the API. Bytes are those of the files as they are; Sent are those that came over the network.
type size struct {
	Bytes    float64 `json:"bytes"`
	Sent     float64 `json:"sent"`
	Requests int     `json:"requests"`
	Paint    float64 `json:"paint"`
}

const loaded = `(() => {
  const files = [performance.getEntriesByType('navigation')[0], ...performance.getEntriesByType('resource').filter(r => !r.name.includes('/api/'))];
  const sum = name => files.reduce((n, r) => n + r[name], 0);
  return {bytes: sum('decodedBodySize'), sent: sum('transferSize'), requests: files.length, paint: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? -1};
})()`

// The first load of the page is under 200 kB without compression, also of a page with a journey. It is painted soon.
func TestTheFirstLoadIsSmall(t *testing.T) {
	if testing.Short() {
		t.Skip("it needs Chromium")
	}
	base := alone(t)
	backlog(t, base, 200)
	var id string
	systemtest.Eventually(t, 10*time.Second, "a row is listed", func() bool { // rows come a moment after spans
		for _, row := range get[struct{ Journeys []struct{ ID string } }](t, base+"/api/journeys?limit=1").Journeys {
			id = row.ID
		}
		return id != ""
	})
	for _, path := range []string{"/", "/journeys/" + id} {
		b := openBrowser(t, base, 1440, 900)
		b.open(t, path)
		got := value[size](t, b, loaded)
		t.Logf("first load of %s: %.0f bytes of page, modules and styles in %d requests, %.0f bytes sent; first contentful paint after %.0f ms", path, got.Bytes, got.Requests, got.Sent, got.Paint)
		if got.Bytes > mostBytes || got.Bytes <= 0 || got.Sent > got.Bytes {
			t.Errorf("the first load of %s has %.0f bytes, %.0f of them sent; want at most %d", path, got.Bytes, got.Sent, mostBytes)
		}
		if got.Paint < 0 || got.Paint > 2000 {
			t.Errorf("the first contentful paint of %s came after %.0f ms", path, got.Paint)
		}
	}
}
