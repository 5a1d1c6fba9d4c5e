package console_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"traceria/services/console"
)

// event is a server-sent event.
type event struct{ id, name, data string }

// reader reads a stream.
type reader struct {
	resp   *http.Response
	events chan event
}

// listen opens a stream and reads it until the test ends.
func (c *running) listen(t *testing.T, query string, headers ...string) *reader {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.base+"/api/events?"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%d as %s", resp.StatusCode, resp.Header.Get("Content-Type"))
	}
	r := &reader{resp: resp, events: make(chan event, 10_000)}
	go r.read()
	t.Cleanup(func() { resp.Body.Close() })
	return r
}

func (r *reader) read() {
	defer close(r.events)
	lines := bufio.NewReader(r.resp.Body)
	var e event
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch name {
		case "id":
			e.id = value
		case "event":
			e.name = value
		case "data":
			e.data = value
		case "":
			if e.name != "" {
				r.events <- e
			}
			e = event{}
		}
	}
}

// next returns the next event with a name.
func (r *reader) next(t *testing.T, name string) event {
	t.Helper()
	for {
		select {
		case e, ok := <-r.events:
			if !ok {
				t.Fatalf("the stream ended before an event %s", name)
			}
			if e.name == name {
				return e
			}
		case <-time.After(deadline):
			t.Fatalf("no event %s", name)
		}
	}
}

type change struct {
	Reset    bool
	Upsert   []struct{ ID, State string }
	Remove   []string
	Counts   map[string]int
	Matching int
	Total    int
	Memory   struct{ Spans int }
	Now      time.Time
}

func (e event) change(t *testing.T) (c change) {
	t.Helper()
	if err := json.Unmarshal([]byte(e.data), &c); err != nil {
		t.Fatalf("%s: %v", e.data, err)
	}
	return c
}

func TestTheStreamTellsWhatChanges(t *testing.T) {
	t.Parallel()
	c := run(t, false)
	c.feed(t, order("o-1", "anna", 0, time.Now())...)
	c.rows(t, "", 1)
	r := c.listen(t, "topics=journeys,failures")
	first := r.next(t, "journeys")
	got := first.change(t)
	if !got.Reset || len(got.Upsert) != 1 || got.Upsert[0].ID != "o-1" || got.Total != 1 || got.Counts[got.Upsert[0].State] != 1 || got.Now.IsZero() || first.id == "" {
		t.Errorf("the first event is %+v", first)
	}
	board := r.next(t, "failures")
	if !strings.HasPrefix(board.data, `[{"key":"kitchen.slow","kind":"failure","group":"consumer"`) || board.id == "" {
		t.Errorf("got %.200s", board.data)
	}
	c.feed(t, order("o-2", "ben", 1, time.Now())...)
	for seen := false; !seen; {
		got = r.next(t, "journeys").change(t)
		if got.Reset {
			t.Errorf("a second reset: %+v", got)
		}
		for _, row := range got.Upsert {
			seen = seen || row.ID == "o-2"
		}
	}
	c.call(t, http.MethodPut, "/api/failures/kitchen.slow", `{"variant":"10s"}`)
	if board := r.next(t, "failures"); !strings.Contains(board.data, `"active":{"variant":"10s"}`) {
		t.Errorf("the board does not tell the switch: %.400s", board.data)
	}
}

func TestAReaderThatComesBackGetsWhatItMissed(t *testing.T) {
	t.Parallel()
	c := run(t, false)
	c.feed(t, order("o-1", "anna", 0, time.Now())...)
	c.rows(t, "state=done", 1)
	r := c.listen(t, "topics=journeys")
	last := r.next(t, "journeys").id
	r.resp.Body.Close()
	c.feed(t, order("o-2", "ben", 1, time.Now())...)
	c.rows(t, "state=done", 2)
	got := c.listen(t, "topics=journeys", "Last-Event-ID", last).next(t, "journeys").change(t)
	if got.Reset || len(got.Upsert) != 1 || got.Upsert[0].ID != "o-2" {
		t.Errorf("after %s: %+v", last, got)
	}
	for _, old := range []string{"1", "0", "no-number", "99999999999999999999", "18446744073709551615"} {
		if got := c.listen(t, "topics=journeys", "Last-Event-ID", old).next(t, "journeys").change(t); !got.Reset || len(got.Upsert) != 2 {
			t.Errorf("after the id %s of another console: %+v", old, got)
		}
	}
}

func TestARowThatNoLongerMatchesIsRemoved(t *testing.T) {
	t.Parallel()
	c := run(t, false)
	spans := order("o-1", "anna", 0, time.Now())
	r := c.listen(t, "topics=journeys&failure=none&service=order")
	if got := r.next(t, "journeys").change(t); !got.Reset || len(got.Upsert) != 0 || got.Matching != 0 {
		t.Errorf("at first: %+v", got)
	}
	c.feed(t, spans[0])
	if got := r.next(t, "journeys").change(t); len(got.Upsert) != 1 {
		t.Errorf("a row that matches: %+v", got)
	}
	spans[1].Attributes["traceria.failure"], spans[1].Attributes["traceria.injected"] = "broker.nack", true
	c.feed(t, spans[1])
	for removed := false; !removed; {
		got := r.next(t, "journeys").change(t)
		removed = len(got.Remove) == 1 && got.Remove[0] == "o-1" && got.Matching == 0 && got.Total == 1
	}
}

func TestAStreamFollowsOneJourney(t *testing.T) {
	t.Parallel()
	c := run(t, false)
	spans := order("o-1", "anna", 0, time.Now())
	other := order("o-2", "ben", 1, time.Now())
	c.feed(t, spans[0])
	c.rows(t, "", 1)
	r := c.listen(t, "topics=journey:o-1")
	first := r.next(t, "journey")
	if !strings.HasPrefix(first.data, `{"id":"o-1","version":`) {
		t.Errorf("got %+v", first)
	}
	c.feed(t, other...)
	c.feed(t, spans[1:]...)
	if second := r.next(t, "journey"); !strings.HasPrefix(second.data, `{"id":"o-1"`) || second.data == first.data {
		t.Errorf("got %+v after %+v", second, first)
	}
	if status, body := c.call(t, http.MethodGet, "/api/events?topics="+strings.Repeat("journey:x,", 1)+many("journey:", 21), ""); status != http.StatusUnprocessableEntity {
		t.Errorf("22 journeys: %d %s", status, body)
	}
}

func many(prefix string, n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprint(prefix, i))
	}
	return strings.Join(all, ",")
}

// A stream gets at most five events of journeys a second, also when a thousand spans arrive.
func TestAStreamIsCalmUnderLoad(t *testing.T) {
	t.Parallel()
	c := run(t, false)
	r := c.listen(t, "topics=journeys")
	r.next(t, "journeys")
	began := time.Now()
	for n := 0; time.Since(began) < 2*time.Second; n++ {
		c.feed(t, order(fmt.Sprintf("o-%d", n%300), "anna", n%300, time.Now())...)
	}
	time.Sleep(300 * time.Millisecond)
	if got, most := len(r.events), 12; got > most || got < 3 {
		t.Errorf("%d events in 2.3 s, want at most %d", got, most)
	}
}

func TestTheStopEndsStreamsAtOnce(t *testing.T) {
	t.Parallel()
	c := run(t, false)
	for range 20 {
		c.listen(t, "topics=journeys,failures").next(t, "journeys")
	}
	began := time.Now()
	if err := c.stop(); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("the stop took %s", took)
	}
}

func TestAHeadOfTheStreamEnds(t *testing.T) {
	t.Parallel()
	c := run(t, false)
	if status, body := c.call(t, http.MethodHead, "/api/events", ""); status != http.StatusOK || body != "" || c.header.Get("Content-Type") != "text/event-stream" {
		t.Errorf("%d %q %v", status, body, c.header)
	}
}

// Of 500 readers 256 are served. The others are told to come again. Nothing stays behind.
func TestFiveHundredReadersDoNoHarm(t *testing.T) {
	c := run(t, false)
	for n := range 500 {
		c.feed(t, order(fmt.Sprintf("o-%d", n), "anna", n, time.Now())...)
	}
	c.rows(t, "", 500)
	memory, goroutines := used(), runtime.NumGoroutine()
	var served, refused atomic.Int64
	var group, all sync.WaitGroup
	all.Add(500)
	for range 500 {
		group.Go(func() {
			finished := sync.OnceFunc(all.Done)
			defer finished()
			conn, err := net.Dial("tcp", strings.TrimPrefix(c.base, "http://"))
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			_ = conn.SetDeadline(time.Now().Add(deadline))
			_, _ = fmt.Fprint(conn, "GET /api/events?topics=journeys,failures HTTP/1.1\r\nHost: localhost\r\n\r\n")
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Error(err)
				return
			}
			defer resp.Body.Close()
			defer conn.Close() // first: the body would be read to its end
			switch {
			case resp.StatusCode == http.StatusOK:
				if _, err := io.CopyN(io.Discard, resp.Body, 200_000); err != nil {
					t.Errorf("a served reader: %v", err)
				}
				served.Add(1)
			case resp.StatusCode == http.StatusServiceUnavailable && resp.Header.Get("Retry-After") != "":
				refused.Add(1)
			default:
				t.Errorf("got %d", resp.StatusCode)
			}
			finished()
			all.Wait() // a place is kept until all have asked
		})
	}
	group.Wait()
	if served.Load() != 256 || refused.Load() != 244 {
		t.Errorf("%d were served and %d refused", served.Load(), refused.Load())
	}
	if status, _ := c.call(t, http.MethodGet, "/api/about", ""); status != http.StatusOK {
		t.Errorf("the console answers %d", status)
	}
	eventually(t, "the goroutines of the streams end", func() bool { return runtime.NumGoroutine() <= goroutines+5 })
	if after := used(); after > memory+20<<20 {
		t.Errorf("memory was %d MB and is %d MB", memory>>20, after>>20)
	}
	c.listen(t, "topics=journeys").next(t, "journeys")
}

// used is the memory in use after a collection.
func used() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// A reader that does not read is dropped after a time. It takes a place until then.
func TestAReaderThatDoesNotReadIsDropped(t *testing.T) {
	defer console.SetReadTime(300 * time.Millisecond)()
	c := run(t, false)
	for n := range 300 {
		c.feed(t, order(fmt.Sprintf("o-%d", n), strings.Repeat("long name ", 20), n, time.Now())...)
	}
	c.rows(t, "", 300)
	conn, err := net.Dial("tcp", strings.TrimPrefix(c.base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.(*net.TCPConn).SetReadBuffer(4 << 10); err != nil {
		t.Fatal(err)
	}
	_, _ = fmt.Fprint(conn, "GET /api/events?topics=journeys HTTP/1.1\r\nHost: localhost\r\n\r\n")
	eventually(t, "the reader has a place", func() bool { return c.streams(t) == 1 })
	end := time.Now().Add(deadline)
	for n := 0; c.streams(t) > 0 && time.Now().Before(end); n++ { // until the buffers of the connection are full
		for i := range 300 {
			c.feed(t, order(fmt.Sprintf("o-%d", i), fmt.Sprint(n, strings.Repeat("long name ", 20)), i, time.Now())...)
		}
	}
	if n := c.streams(t); n != 0 {
		t.Errorf("%d streams are open", n)
	}
}

// streams is the number of open streams.
func (c *running) streams(t *testing.T) int {
	t.Helper()
	status, body := c.call(t, http.MethodGet, "/api/about", "")
	return read[struct{ Streams int }](t, status, body).Streams
}
