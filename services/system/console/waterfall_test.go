package console

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// bigJourney sends one journey of many orders' spans.
func bigJourney(t *testing.T, base string, spans int) (id string) {
	t.Helper()
	id = "big-1"
	var all []made
	for n := 0; len(all) < spans; n++ {
		all = append(all, orderSpans(id, time.Now().Add(-time.Minute+time.Duration(n)*50*time.Millisecond))...)
	}
	for part := range slices.Chunk(all[:spans], 1000) {
		post(t, base, part)
	}
	return id
}

// scrolling scrolls by a distance in each frame, down and up, until so many frames were drawn.
const scrolling = `new Promise(done => {
  let n = 0, by = %d; const limit = %d, at = document.scrollingElement;
  const step = () => {
    const before = at.scrollTop;
    at.scrollTop += by;
    if (at.scrollTop === before) by = -by;
    if (++n < limit) requestAnimationFrame(step); else done(document.querySelectorAll('[data-span]').length);
  };
  requestAnimationFrame(step);
})`

// A waterfall of 5,000 spans scrolls without long frames, by a little and by a page at a time.
func TestABigWaterfallScrolls(t *testing.T) {
	if testing.Short() {
		t.Skip("it needs Chromium")
	}
	base := alone(t)
	id := bigJourney(t, base, 5000)
	b := openBrowser(t, base, 1440, 900)
	b.open(t, "/journeys/"+id)
	b.await(t, "rows are drawn", `document.querySelectorAll('[data-span]').length > 10`)
	if button := found("button", "database"); b.holds(t, button) {
		b.press(t, "database")
	}
	b.await(t, "the waterfall is long", `document.scrollingElement.scrollHeight > 60_000`)
	for _, by := range []int{60, 900} {
		read := watchFrames(t, b)
		rows := value[int](t, b, fmt.Sprintf(scrolling, by, 150))
		got := read()
		t.Logf("by %d px: %d rows drawn; work in %d frames: mean %.1f ms, p99 %.1f ms, longest %.1f ms; longest task with waits %.1f ms", by, rows, got.Frames, got.Mean, got.P99, got.Longest, got.LongestWait)
		if rows > 200 || rows < 10 {
			t.Errorf("%d rows of the waterfall are elements", rows)
		}
		if limit := float64(longestFrame.Milliseconds()); got.Longest > limit || got.Longest <= 0 || got.Frames < 100 {
			t.Errorf("by %d px: %d frames, the longest took %.1f ms of the processor; want at most %.0f ms", by, got.Frames, got.Longest, limit)
		}
	}
}
