package console

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// journey is the part of a row that the tests read.
type journey struct {
	ID       string   `json:"id"`
	State    string   `json:"state"`
	Attempts int      `json:"attempts"`
	Dead     int      `json:"dead"`
	Redriven int      `json:"redriven"`
	Failures []string `json:"failures"`
	Spans    int      `json:"spans"`
	WaitMS   float64  `json:"waitMs"`
}

// journey reads the row of a journey. It is empty until the first span has come.
func (h *house) journey(t *testing.T, id string) (row journey) {
	t.Helper()
	rows := get[struct {
		Journeys []journey `json:"journeys"`
	}](t, h.base+"/api/journeys?id="+url.QueryEscape(id)).Journeys
	if len(rows) == 1 {
		row = rows[0]
	}
	return row
}

// TestConsole tells the stories of the page against one system.
func TestConsole(t *testing.T) {
	h := open(t)
	t.Run("an order from the counter to its end", func(t *testing.T) { testOrder(t, h) })
	t.Run("a failure, its retries and its dead letter", func(t *testing.T) { testFailure(t, h) })
	t.Run("a scenario", func(t *testing.T) { testScenario(t, h) })
	t.Run("the mystery", func(t *testing.T) { testMystery(t, h) })
	t.Run("a part is away", func(t *testing.T) { testPartAway(t, h) })
	t.Run("every answer is as the document says", func(t *testing.T) { testAnswers(t, h) })
	t.Run("every view", func(t *testing.T) { testEveryView(t, h) })
}

// placed places an order at the counter and returns the id of its journey.
func (b *browser) placed(t *testing.T) string {
	t.Helper()
	b.open(t, "/counter")
	b.fill(t, "Customer", "anna")
	b.press(t, "Order")
	b.await(t, "the answer leads to the journey", `document.querySelector('main a[href^="/journeys/"]')`)
	href := value[string](t, b, `document.querySelector('main a[href^="/journeys/"]').getAttribute('href')`)
	id, _, _ := strings.Cut(strings.TrimPrefix(href, "/journeys/"), "/")
	id, _, _ = strings.Cut(id, "?")
	return id
}

func testOrder(t *testing.T, h *house) {
	b := openBrowser(t, h.base, desktop.width, desktop.height)
	id := b.placed(t)
	b.do(t, chromedp.Evaluate[chromedp.Void](`document.querySelector('main a[href^="/journeys/"]').click()`))
	b.await(t, "the journey is open", fmt.Sprintf("location.pathname.startsWith('/journeys/%s')", id))
	b.await(t, "it is done", `/done|delivered/i.test(document.querySelector('main').innerText)`)
	b.await(t, "waits and work are drawn apart", `document.querySelector('[data-bar="wait"]') && document.querySelector('[data-bar="work"]')`)
	b.await(t, "the database is folded", `![...document.querySelectorAll('[data-span]')].some(e => e.innerText.includes('INSERT'))`)
	b.await(t, "the link to Jaeger", `document.querySelector('main a[href*="/trace/"]')`)
	jaeger := value[string](t, b, `document.querySelector('main a[href*="/trace/"]').href`)
	u, err := url.Parse(jaeger)
	if err != nil {
		t.Fatal(err)
	}
	if status, body := h.Answer(u.Scheme + "://" + u.Host + "/api/traces/" + strings.TrimPrefix(u.Path, "/trace/")); status != http.StatusOK {
		t.Errorf("the link to Jaeger leads to %s, whose trace answers %d: %.200s", jaeger, status, body)
	}
	h.Await(t, 20*time.Second, "every span is there", func() bool { return h.journey(t, id).State == "done" })
	row := h.journey(t, id)
	if row.State != "done" || row.Spans < 35 || row.WaitMS <= 0 {
		t.Errorf("the journey is %+v", row)
	}
	b.open(t, "/journeys")
	b.await(t, "it is in the list", fmt.Sprintf(`document.querySelector('[data-id="%s"]')`, id))
}

func testFailure(t *testing.T, h *house) {
	defer send(t, http.MethodDelete, h.base+"/api/failures", "")
	b := openBrowser(t, h.base, desktop.width, desktop.height)
	good := b.placed(t)
	h.Await(t, time.Minute, "the good one is done", func() bool { return h.journey(t, good).State == "done" })

	b.open(t, "/failures")
	b.await(t, "the switch is there", `document.querySelector('[data-key="kitchen.poison"]')`)
	b.do(t, chromedp.Evaluate[chromedp.Void](`document.querySelector('[data-key="kitchen.poison"] [role=switch]').click()`))
	b.await(t, "what is on is said on top", `document.querySelector('#banner:not([hidden])')?.innerText.includes('kitchen.poison')`)
	bad := b.placed(t)
	h.Await(t, time.Minute, "a dead letter", func() bool { return h.journey(t, bad).Dead == 1 })
	row := h.journey(t, bad)
	if len(row.Failures) == 0 || row.State != "dead" {
		t.Errorf("the journey is %+v", row)
	}
	b.open(t, "/journeys/"+bad)
	b.see(t, "kitchen.poison")
	b.await(t, "what is on is said on each view", `document.querySelector('#banner:not([hidden])')?.innerText.includes('kitchen.poison')`)
	b.await(t, "the failed span is marked", `[...document.querySelectorAll('[data-span]')].some(e => /✕|error/i.test(e.innerText))`)
	// The failing span: its panel has the mark, and the event that it handled.
	b.do(t, chromedp.Evaluate[chromedp.Void](`document.querySelector('[data-span].is-failed').click()`))
	b.await(t, "the panel has the mark", `location.search.includes('span=') && document.body.innerText.includes('traceria.failure')`)
	b.await(t, "the panel links to Jaeger", `[...document.querySelectorAll('a[href*="uiFind="]')].length > 0`)
	b.do(t, chromedp.Evaluate[chromedp.Void](`document.querySelector('[data-span] [title*="send events:order.order-confirmed.v2"]').closest('[data-span]').click()`))
	b.await(t, "the panel has the event", `/outbox of order/i.test(document.body.innerText) && document.body.innerText.includes('orderValue')`)
	b.press(t, "Put all back")
	h.Await(t, 20*time.Second, "the switch is off", func() bool {
		_, body := send(t, http.MethodGet, h.base+"/api/failures", "")
		return strings.Contains(body, `"key":"kitchen.poison"`) && !strings.Contains(body, `"active":{`)
	})

	queue := value[string](t, b, `fetch('/api/queues').then(r => r.json()).then(q => q.queues.find(x => x.dead > 0)?.queue ?? '')`)
	if queue == "" {
		t.Fatal("no queue has a dead letter")
	}
	b.open(t, "/queues/"+queue)
	b.see(t, "TicketOpened v1")
	b.see(t, "4 attempts")
	b.press(t, "Redrive")
	b.await(t, "it asks, or it is done", `(() => { const d = document.querySelector('dialog[open]'); if (d) [...d.querySelectorAll('button')].find(x => /redrive/i.test(x.textContent))?.click(); return true; })()`)
	h.Await(t, time.Minute, "the order arrives", func() bool { r := h.journey(t, bad); return r.State == "done" && r.Redriven == 1 && r.Dead == 0 })

	b.open(t, "/compare?a="+good+"&b="+bad)
	b.await(t, "hops are compared", `document.querySelectorAll('[data-hop]').length > 3`)
	b.see(t, "longer")
}

func testScenario(t *testing.T, h *house) {
	b := openBrowser(t, h.base, desktop.width, desktop.height)
	b.open(t, "/scenarios/happy-path")
	b.press(t, "Run it")
	b.awaitWithin(t, 2*time.Minute, "the verdict", `document.querySelector('main').innerText.includes('The trace is as expected')`)
	b.see(t, "POST /order")
}

func testMystery(t *testing.T, h *house) {
	b := openBrowser(t, h.base, desktop.width, desktop.height)
	b.open(t, "/scenarios/mystery")
	b.press(t, "Level 1")
	b.await(t, "the orders of the mystery", `document.querySelectorAll('main a[href^="/journeys/"]').length > 0`)
	b.press(t, "Ask for a hint")
	b.see(t, "It is in the group")
	b.press(t, "Give up")
	b.await(t, "it asks, or it is done", `(() => { const d = document.querySelector('dialog[open]'); if (d) [...d.querySelectorAll('button')].find(x => /give up/i.test(x.textContent))?.click(); return true; })()`)
	b.await(t, "the clues", `/repair/i.test(document.querySelector('main').innerText)`)
}

// Jaeger is away: the page says so and the rest works.
func testPartAway(t *testing.T, h *house) {
	h.KillPart(t, h.Backend)
	b := openBrowser(t, h.base, desktop.width, desktop.height)
	b.open(t, "/parts")
	b.await(t, "Jaeger is not healthy", `[...document.querySelectorAll('main tr, main li, main article')].some(e => /jaeger/i.test(e.innerText) && /away|not healthy|does not answer|refused/i.test(e.innerText))`)
	id := b.placed(t)
	h.Await(t, time.Minute, "the order is done", func() bool { return h.journey(t, id).State == "done" })
	b.open(t, "/journeys/"+id)
	b.await(t, "the waterfall is there", `document.querySelectorAll('[data-span]').length > 5`)
	h.StartPart(t, h.Backend)
}

func testEveryView(t *testing.T, h *house) {
	b := openBrowser(t, h.base, desktop.width, desktop.height)
	first, second := b.placed(t), b.placed(t)
	h.Await(t, time.Minute, "both are done", func() bool {
		return h.journey(t, first).State == "done" && h.journey(t, second).State == "done"
	})
	testViews(t, h.base, map[string]string{
		"journeys": "/journeys", "lanes": "/journeys?view=lanes", "waterfall": "/journeys/" + first, "sequence": "/journeys/" + first + "/sequence",
		"tree": "/journeys/" + first + "/tree", "table": "/journeys/" + first + "/table", "critical": "/journeys/" + first + "/critical",
		"compare": "/compare?a=" + first + "&b=" + second, "counter": "/counter", "failures": "/failures", "queues": "/queues", "map": "/map",
		"scenarios": "/scenarios", "scenario": "/scenarios/happy-path", "mystery": "/scenarios/mystery", "parts": "/parts", "nothing": "/journeys/nothing-here",
	})
}
