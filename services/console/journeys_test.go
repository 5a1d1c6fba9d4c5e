package console_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestJourneysAreFilteredSortedAndPaged(t *testing.T) {
	t.Parallel()
	c := run(t, false)
	at := time.Now().Add(-time.Minute)
	for n := range 5 {
		c.feed(t, order(fmt.Sprintf("o-%d", n), []string{"anna", "ben"}[n%2], n, at.Add(time.Duration(n)*time.Second))...)
	}
	c.rows(t, "state=done", 5)
	for query, want := range map[string]string{
		"sort=newest": "o-4 o-3 o-2 o-1 o-0", "sort=oldest&limit=2&offset=1": "o-1 o-2", "customer=ben&sort=oldest": "o-1 o-3",
		"id=o-1&id=o-2&sort=oldest": "o-1 o-2", "service=kitchen&customer=anna&sort=oldest": "o-0 o-2 o-4", "state=dead": "",
		"attribute=traceria.customer%3Dan*&sort=newest": "o-4 o-2 o-0", "q=O-3": "o-3", "minMs=1000": "", "failure=none&sort=newest&limit=1": "o-4",
		"since=" + url.QueryEscape(at.Add(3*time.Second).Format(time.RFC3339Nano)) + "&sort=oldest": "o-3 o-4", "offset=9": "",
	} {
		status, body := c.call(t, http.MethodGet, "/api/journeys?"+query, "")
		var ids []string
		for _, row := range read[list](t, status, body).Journeys {
			ids = append(ids, row.ID)
		}
		if got := strings.Join(ids, " "); got != want {
			t.Errorf("%s: got %q, want %q", query, got, want)
		}
	}
}

func TestWrongParametersAreNamed(t *testing.T) {
	t.Parallel()
	c := run(t, false)
	many := strings.Repeat("id=x&", 10_000)
	for _, wrong := range []struct {
		path, says string
		status     int
	}{
		{"/api/journeys?custmer=anna", `"field":"custmer"`, 422},
		{"/api/journeys?custmer=anna", "allowed are state, customer", 422},
		{"/api/journeys?state=sleepy", "use one of dead, lost, stuck", 422},
		{"/api/journeys?sort=random", "attention", 422},
		{"/api/journeys?commands=mine", "use none, any or only", 422},
		{"/api/journeys?limit=0", "from 1 to 5000", 422},
		{"/api/journeys?limit=5001", "from 1 to 5000", 422},
		{"/api/journeys?offset=-1", "from 0", 422},
		{"/api/journeys?limit=1&limit=2", "2 times", 400},
		{"/api/journeys?minMs=fast", "milliseconds", 422},
		{"/api/journeys?since=yesterday", "RFC 3339", 422},
		{"/api/journeys?q=a;b", "escaped", 400},
		{"/api/journeys?" + many, "at most 1000", 422},
		{"/api/journeys?" + many[:5*300], "at most 200", 422},
		{"/api/journeys/o-1?verbose=1", "no parameter is allowed", 422},
		{"/api/journeys/o-1/export?format=xml", "otlp or html", 422},
		{"/api/compare?a=1", "groupA", 422},
		{"/api/compare?groupA=sort%3Dnewest&groupB=", "allowed are state", 422},
		{"/api/compare?groupA=state%3Dx&groupB=", "use one of", 422},
		{"/api/map?since=soon", "15m", 422},
		{"/api/map?since=900h", "24h", 422},
		{"/api/events?topics=jouneys", "journeys, journey:ID", 422},
		{"/api/events?state=sleepy", "use one of", 422},
		{"/api/menu", "GET /api/about", 404},
		{"/api/queues", `the part \"queues\"`, 404},
	} {
		status, body := c.call(t, http.MethodGet, wrong.path, "")
		if status != wrong.status || !strings.Contains(body, wrong.says) || len(body) > 2000 {
			t.Errorf("%.100s: %d %.400s, want %d and %q", wrong.path, status, body, wrong.status, wrong.says)
		}
	}
}

func TestJourneysAndGroupsAreCompared(t *testing.T) {
	t.Parallel()
	c := run(t, false)
	at := time.Now().Add(-time.Minute)
	c.feed(t, order("good", "anna", 0, at)...)
	slow := order("slow", "ben", 1, at)
	slow[2].Start, slow[2].Attributes["traceria.queue.wait_ms"] = slow[2].Start.Add(2*time.Second), 2100.0
	c.feed(t, slow...)
	c.feed(t, order("short", "carl", 2, at)[:2]...)
	c.rows(t, "", 3)
	pair := c.compared(t, "a=good&b=slow")
	process := pair.Hops[2]
	if pair.A["id"] != "good" || pair.B["id"] != "slow" || process.Queue != "kitchen.order-created" || process.A.Wait.P50MS != 100 || process.B.Wait.P50MS != 2100 {
		t.Errorf("got %+v", pair)
	}
	if only := c.compared(t, "a=good&b=short").Hops[2]; only.A == nil || only.B != nil {
		t.Errorf("a hop that b does not have: %+v", only)
	}
	groups := c.compared(t, "groupA="+url.QueryEscape("customer=anna&customer=ben")+"&groupB="+url.QueryEscape("id=slow"))
	if groups.A["used"] != 2.0 || groups.B["journeys"] != 1.0 || groups.Hops[2].A.Count != 2 || groups.Hops[2].B.Wait.P95MS != 2100 {
		t.Errorf("got %+v", groups)
	}
	own := order("own", "", 3, at)[0]
	own.Service, own.Name, own.Resource = "console", "PUT /api/failures/{key}", map[string]any{"service.name": "console"}
	c.feed(t, own)
	c.rows(t, "commands=any", 4)
	c.rows(t, "commands=only", 1)
	c.rows(t, "", 3)
	c.rows(t, "id=own", 1)
	if all := c.compared(t, "groupA=&groupB="); all.A["journeys"] != 3.0 || all.A["used"] != 3.0 {
		t.Errorf("a group has the console's own command: %+v", all.A)
	}
	if all := c.compared(t, "groupA=commands%3Dany&groupB=commands%3Donly"); all.A["used"] != 4.0 || all.B["used"] != 1.0 {
		t.Errorf("the filter does not show the console's own command: %+v, %+v", all.A, all.B)
	}
	if status, _ := c.call(t, http.MethodGet, "/api/compare?a=good&b=none", ""); status != http.StatusNotFound {
		t.Errorf("an unknown journey: %d", status)
	}
}

type times struct {
	Count int
	Wait  struct{ P50MS, P95MS float64 }
}

type comparison struct {
	A, B map[string]any
	Hops []struct {
		Queue string
		A, B  *times
	}
}

func (c *running) compared(t *testing.T, query string) comparison {
	t.Helper()
	status, body := c.call(t, http.MethodGet, "/api/compare?"+query, "")
	return read[comparison](t, status, body)
}
