package console

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/tracing"
	"github.com/chromedp/chromedp"
)

// taskEvent is an event of Chromium's trace
// (https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU). Times are in microseconds.
type taskEvent struct {
	Name   string  `json:"name"`
	Phase  string  `json:"ph"`
	PID    int     `json:"pid"`
	Thread int     `json:"tid"`
	At     float64 `json:"ts"`
	CPU    float64 `json:"tdur"` // time of the processor: less than the duration if other programs had the processor
	Took   float64 `json:"dur"`
}

type thread struct{ process, id int }

func (e taskEvent) thread() thread { return thread{e.PID, e.Thread} }

// work is what the page's main thread did for its frames, in milliseconds of processor time: script, style, layout and paint of a frame,
// and what ran since the frame before, such as an event of the stream.
type work struct {
	Frames             int
	Mean, P99, Longest float64
	LongestTask        float64
	LongestWait        float64 // how long a task took at most, with the time in which other programs had the processor
}

// watchFrames begins to trace the page's main thread. The result ends it.
//
// It measures processor time and not the distance of frames: where many programs share two processors, a frame comes late although the
// page has done nothing. The distance is logged beside it.
func watchFrames(t *testing.T, b *browser) (read func() work) {
	t.Helper()
	var events []taskEvent // complete before done is closed
	done := make(chan struct{})
	listening, stop := context.WithCancel(b.ctx)
	err := chromedp.Listen(listening, func(event any) {
		switch e := event.(type) {
		case *tracing.EventDataCollected:
			for _, value := range e.Value {
				var one taskEvent
				if json.Unmarshal(value, &one) == nil && (one.Name == "RunTask" || one.Name == "FireAnimationFrame") {
					events = append(events, one)
				}
			}
		case *tracing.EventTracingComplete:
			if e.DataLossOccurred {
				t.Log("Chromium's trace lacks some events")
			}
			close(done)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	config := &tracing.TraceConfig{
		RecordMode: "recordAsMuchAsPossible", TraceBufferSizeInKb: 400_000,
		IncludedCategories: []string{"devtools.timeline", "disabled-by-default-devtools.timeline"}, ExcludedCategories: []string{"*"},
	}
	b.do(t, call(tracing.Start, tracing.StartParams{TraceConfig: config}))
	return func() work {
		t.Helper()
		defer stop()
		b.do(t, call(tracing.End, cdp.Empty{}))
		select {
		case <-done:
		case <-time.After(patience):
			t.Fatal("Chromium has not finished its trace")
		}
		return workOf(events)
	}
}

// frameWork is what a thread has done for the frame that it prepares.
type frameWork struct {
	cpu  float64
	open bool // a task runs that has not drawn a frame yet
	any  bool // a frame was drawn: what was before belongs to no whole frame
}

// workOf adds up what the main threads of pages have done for each frame. Others draw no animation frames.
func workOf(events []taskEvent) work {
	slices.SortStableFunc(events, func(a, b taskEvent) int { return cmp.Compare(a.At, b.At) })
	var got work
	var frames []float64
	tasks := map[thread]*frameWork{}
	for _, e := range events {
		if e.Name == "FireAnimationFrame" && tasks[e.thread()] == nil {
			tasks[e.thread()] = &frameWork{}
		}
	}
	for _, e := range events {
		at := tasks[e.thread()]
		switch {
		case at == nil:
		case e.Name == "RunTask" && e.Phase == "X":
			at.cpu, at.open = at.cpu+e.CPU/1000, true
			got.LongestTask, got.LongestWait = max(got.LongestTask, e.CPU/1000), max(got.LongestWait, e.Took/1000)
		case e.Name == "FireAnimationFrame" && at.open: // the first of its task: the task draws the frame
			if at.any {
				frames = append(frames, at.cpu)
			}
			*at = frameWork{any: true}
		}
	}
	if len(frames) == 0 {
		return got
	}
	slices.Sort(frames)
	for _, ms := range frames {
		got.Mean += ms / float64(len(frames))
	}
	got.Frames, got.P99, got.Longest = len(frames), frames[len(frames)*99/100], frames[len(frames)-1]
	return got
}
