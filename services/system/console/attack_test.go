package console

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// hostile is a text that runs if it is ever taken for HTML, for a script, for a style or for an address.
const hostile = `"><img src=x onerror="window.hacked=1"><script>window.hacked=1</script><style>body{display:none}</style>javascript:window.hacked=1`

// hostileSpans are an order's spans with the hostile text in every text.
func hostileSpans(id string) []made {
	spans := orderSpans(id, time.Now().Add(-10*time.Second))
	for i := range spans {
		spans[i].service += hostile
		span := spans[i].span
		span.SetName(span.Name() + hostile)
		span.Status().SetCode(2)
		span.Status().SetMessage(hostile)
		span.Attributes().PutStr(hostile, hostile)
		for key, value := range span.Attributes().All() {
			if value.Type() == pcommon.ValueTypeStr && key != "traceria.conversation" && key != "messaging.operation.type" && key != "messaging.system" {
				value.SetStr(value.Str() + hostile)
			}
		}
		event := span.Events().AppendEmpty()
		event.SetName(hostile)
		event.Attributes().PutStr(hostile, hostile)
	}
	return spans
}

// No text of a span, an id or an address is taken for HTML.
func TestHostileTextsStayTexts(t *testing.T) {
	if testing.Short() {
		t.Skip("it needs Chromium")
	}
	base := alone(t)
	post(t, base, hostileSpans("one"+hostile))
	post(t, base, hostileSpans("two"))
	b := openBrowser(t, base, desktop.width, desktop.height)
	b.open(t, "/journeys")
	b.await(t, "both are listed", `document.querySelectorAll('[data-id]').length >= 2`)
	for _, path := range []string{
		"/journeys", "/journeys?view=lanes", "/journeys?q=%3Cimg%20src%3Dx%20onerror%3Dwindow.hacked%3D1%3E", "/journeys/two", "/journeys/two/sequence", "/journeys/two/tree", "/journeys/two/table",
		"/journeys/two/critical", "/compare?a=two&b=two", "/map", "/journeys/%3Cimg%20src%3Dx%20onerror%3D%22window.hacked%3D1%22%3E",
	} {
		b.open(t, path)
		b.await(t, path+" is at rest", `!document.querySelector('main [aria-busy="true"]')`)
		if b.holds(t, `window.hacked || document.querySelector('img[src="x"]') || document.querySelector('script:not([src])') || [...document.querySelectorAll('a[href]')].some(a => a.protocol === 'javascript:')`) {
			t.Errorf("%s takes a text for HTML", path)
		}
	}
	b.open(t, "/journeys/two")
	b.await(t, "spans are drawn", `document.querySelectorAll('[data-span]').length > 3`)
	b.do(t, chromedp.Evaluate[chromedp.Void](`document.querySelector('[data-span]').click()`))
	b.await(t, "the panel shows the texts", `document.body.innerText.includes('onerror')`)
	if b.holds(t, `window.hacked || document.querySelector('img[src="x"]')`) {
		t.Error("the panel takes a text for HTML")
	}
	status, page := send(t, http.MethodGet, base+"/api/journeys/two/export?format=html", "")
	if status != http.StatusOK || strings.Contains(page, "<img src=x") || strings.Contains(page, "<script>window") {
		t.Errorf("the export answers %d and has the text as HTML", status)
	}
	if answer, _ := send(t, http.MethodPost, base+"/api/files", page); answer != http.StatusOK {
		t.Errorf("the exported page is read back with %d", answer)
	}
}

// Names that every object of JavaScript has are names like others.
func TestNamesOfJavaScriptStayNames(t *testing.T) {
	if testing.Short() {
		t.Skip("it needs Chromium")
	}
	base := alone(t)
	names := []string{"__proto__", "constructor", "toString", "hasOwnProperty"}
	for _, name := range names {
		spans := orderSpans(name, time.Now().Add(-10*time.Second))
		for i := range spans {
			spans[i].service = name
			spans[i].span.Attributes().PutStr(name, name)
			spans[i].span.Attributes().PutStr("traceria.failure", name)
			if key, is := spans[i].span.Attributes().Get("messaging.rabbitmq.destination.routing_key"); is {
				key.SetStr(name)
				spans[i].span.Attributes().PutStr("messaging.destination.name", "events:"+name+":"+name)
			}
		}
		post(t, base, spans)
	}
	b := openBrowser(t, base, desktop.width, desktop.height)
	b.open(t, "/journeys")
	b.await(t, "all are listed", fmt.Sprintf(`document.querySelectorAll('[data-id]').length >= %d`, len(names)))
	for _, path := range []string{"/journeys?view=lanes", "/map", "/compare?a=__proto__&b=constructor", "/journeys/toString/sequence", "/journeys/hasOwnProperty/table", "/journeys/__proto__"} {
		b.open(t, path)
		b.await(t, path+" is at rest", `!document.querySelector('main [aria-busy="true"]')`)
	}
	b.await(t, "the spans of __proto__ are drawn", `document.querySelectorAll('[data-span]').length > 3`)
	if b.holds(t, `({}).polluted !== undefined || Object.keys(Object.prototype).length > 0`) {
		t.Error("the prototype of all objects was changed")
	}
}

// Requests of other sites are refused: those with a foreign Host (DNS rebinding) and commands of a foreign origin. No answer may be
// read by another origin.
func TestRequestsOfOtherSitesAreRefused(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts a process")
	}
	base := alone(t)
	for _, path := range []string{"/", "/journeys", "/assets/app.js", "/api/journeys", "/api/failures", "/api/events?topics=journeys", "/openapi.yaml"} {
		if status, body := send(t, http.MethodGet, base+path, "", "Host", "evil.example:8080"); status < 400 || !strings.Contains(body, "CONSOLE_HOSTS") {
			t.Errorf("GET %s of evil.example answers %d %.200s", path, status, body)
		}
	}
	if status, _ := send(t, http.MethodPost, base+"/v1/traces", "{}", "Host", "evil.example", "Content-Type", "application/json"); status < 400 {
		t.Errorf("spans for evil.example are taken with %d", status)
	}
	for _, command := range []string{
		"POST /api/files", "POST /api/orders", "PUT /api/load", "PUT /api/failures/kitchen.slow", "DELETE /api/failures", "POST /api/dead/kitchen.order-confirmed/redrive",
		"POST /api/scenarios/happy-path/run", "POST /api/mystery", "DELETE /api/mystery",
	} {
		method, path, _ := strings.Cut(command, " ")
		if status, body := send(t, method, base+path, "{}", "Origin", "http://evil.example", "Sec-Fetch-Site", "cross-site"); status != http.StatusForbidden {
			t.Errorf("%s of another origin answers %d %.200s", command, status, body)
		}
	}
	response, err := http.Get(base + "/api/journeys")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if allowed := response.Header.Get("Access-Control-Allow-Origin"); allowed != "" {
		t.Errorf("%s may read the journeys", allowed)
	}
}

// A body that is too large is refused with 413, also when it is small before it is inflated.
func TestLargeBodiesAreRefused(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts a process")
	}
	base := alone(t)
	var bomb bytes.Buffer
	zip := gzip.NewWriter(&bomb)
	if _, err := io.CopyN(zip, zeros{}, 512<<20); err != nil {
		t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	if status, body := send(t, http.MethodPost, base+"/v1/traces", bomb.String(), "Content-Type", "application/x-protobuf", "Content-Encoding", "gzip"); status != http.StatusRequestEntityTooLarge {
		t.Errorf("a gzip bomb answers %d %.200s", status, body)
	}
	large := `{"a":"` + strings.Repeat("a", 20<<20) + `"}`
	for _, command := range []string{"POST /v1/traces", "POST /v1/logs", "POST /api/files", "POST /api/orders", "PUT /api/load", "PUT /api/failures/kitchen.slow", "POST /api/mystery"} {
		method, path, _ := strings.Cut(command, " ")
		status, body := send(t, method, base+path, large, "Content-Type", "application/json")
		if status != http.StatusRequestEntityTooLarge && status != http.StatusNotFound { // 404: a part that this console lacks
			t.Errorf("%s with 20 MB answers %d %.200s", command, status, body)
		}
	}
	if status, _ := send(t, http.MethodGet, base+"/api/journeys", ""); status != http.StatusOK {
		t.Errorf("afterwards the console answers %d", status)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// 500 streams at once do no harm: 256 are served, the others are told to come back, and the console answers others meanwhile.
func TestManyStreamsDoNoHarm(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts a process")
	}
	base := alone(t)
	backlog(t, base, 500)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: -1}}
	var served, refused, other int
	var lock sync.Mutex
	var all sync.WaitGroup
	done := make(chan struct{})
	for range 500 {
		all.Go(func() {
			response, err := client.Get(base + "/api/events?topics=journeys")
			lock.Lock()
			switch {
			case err == nil && response.StatusCode == http.StatusOK:
				served++
			case err == nil && response.StatusCode == http.StatusServiceUnavailable && response.Header.Get("Retry-After") != "":
				refused++
			default:
				other++
			}
			lock.Unlock()
			if err != nil {
				return
			}
			_, _ = bufio.NewReader(response.Body).ReadString('\n') // and then it reads no more
			<-done
			_ = response.Body.Close()
		})
	}
	time.Sleep(3 * time.Second)
	post(t, base, orderSpans("amid-all-streams", time.Now()))
	start := time.Now()
	for {
		status, _ := send(t, http.MethodGet, base+"/api/journeys/amid-all-streams", "")
		if status == http.StatusOK {
			break
		}
		if time.Since(start) > 2*time.Second {
			t.Fatalf("amid 500 streams a new journey answers %d", status)
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Logf("500 streams: %d served, %d refused, %d others; a new journey is answered after %s", served, refused, other, time.Since(start).Round(time.Millisecond))
	close(done)
	all.Wait()
	if served == 0 || served > 256 || other > 0 || served+refused != 500 {
		t.Errorf("%d served, %d refused, %d others", served, refused, other)
	}
}

// flood is how long 10,000 spans a second are sent. TRACERIA_CONSOLE_FLOOD sets it: 60s for the figures of a whole minute.
func flood(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv("TRACERIA_CONSOLE_FLOOD")
	if text == "" {
		return 8 * time.Second
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// 10,000 spans a second do no harm: the memory stays within its limit, and the console answers meanwhile.
func TestAFloodOfSpansStaysWithinMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts a process")
	}
	base := alone(t)
	const perSecond = 10_000
	end := time.Now().Add(flood(t))
	sent, slowest, largest := 0, time.Duration(0), 0.0
	for second := 0; time.Now().Before(end); second++ {
		tick := time.Now()
		for batch := range 5 {
			var spans []made
			for i := 0; len(spans) < perSecond/5; i++ {
				spans = append(spans, orderSpans(fmt.Sprintf("flood-%d-%d-%d", second, batch, i), time.Now())...)
			}
			post(t, base, spans)
			sent += len(spans)
		}
		asked := time.Now()
		status, body := send(t, http.MethodGet, base+"/api/journeys?limit=50", "")
		slowest = max(slowest, time.Since(asked))
		if status != http.StatusOK {
			t.Fatalf("during the flood the journeys answer %d %.200s", status, body)
		}
		largest = max(largest, resident(t, base))
		time.Sleep(time.Until(tick.Add(time.Second)))
	}
	kept := get[struct {
		Memory struct{ Bytes, LimitBytes, Spans, DroppedJourneys int64 } `json:"memory"`
	}](t, base+"/api/journeys?limit=1").Memory
	t.Logf("%d spans in %s: it keeps %d in %d of %d bytes and has dropped %d journeys; the process had at most %.0f MB; the slowest answer took %s",
		sent, flood(t), kept.Spans, kept.Bytes, kept.LimitBytes, kept.DroppedJourneys, largest, slowest.Round(time.Millisecond))
	if kept.Bytes > kept.LimitBytes {
		t.Errorf("it keeps %d bytes, the limit is %d", kept.Bytes, kept.LimitBytes)
	}
	if largest > 400 {
		t.Errorf("the process had %.0f MB", largest)
	}
	if slowest > 2*time.Second {
		t.Errorf("an answer took %s", slowest)
	}
}

// resident is the memory of the process that listens at base, in MB.
func resident(t *testing.T, base string) float64 {
	t.Helper()
	address := strings.TrimPrefix(base, "http://")
	folders, err := os.ReadDir("/proc")
	if err != nil {
		t.Skipf("no /proc: %v", err)
	}
	for _, folder := range folders {
		environment, err := os.ReadFile("/proc/" + folder.Name() + "/environ")
		if err != nil || !strings.Contains(string(environment), "HTTP_ADDR="+address+"\x00") {
			continue
		}
		status, err := os.ReadFile("/proc/" + folder.Name() + "/status")
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(status)) {
			if text, found := strings.CutPrefix(line, "VmRSS:"); found {
				kB, _ := strconv.ParseFloat(strings.Fields(text)[0], 64)
				return kB / 1024
			}
		}
	}
	t.Fatalf("no process listens at %s", address)
	return 0
}
