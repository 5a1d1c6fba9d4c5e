package compose

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// consoleShows opens the page and asks the console's API: an order that was bought, the queues with their rates, and the parts.
func consoleShows(t *testing.T, p *system) {
	page := p.run(t, `curl -s --fail --write-out '%{http_code} %{content_type}' --output /dev/null "$CONSOLE_URL/"`)
	if !strings.HasPrefix(page, "200 text/html") {
		t.Errorf("the page answers %s", page)
	}
	one := p.buy(t, "--wait")
	type journeys struct {
		Journeys []struct {
			ID    string `json:"id"`
			State string `json:"state"`
		} `json:"journeys"`
	}
	p.until(t, "the console lists the order as done", func() bool {
		found := read[journeys](t, p.shell, fmt.Sprintf(`curl -s --fail "$CONSOLE_URL/api/journeys?id=%s"`, one.OrderID))
		return len(found.Journeys) == 1 && found.Journeys[0].ID == one.OrderID && found.Journeys[0].State == "done"
	})
	type queues struct {
		Broker struct {
			Reachable bool   `json:"reachable"`
			Detail    string `json:"detail"`
		} `json:"broker"`
		Queues []struct {
			Queue     string `json:"queue"`
			Consumers int    `json:"consumers"`
		} `json:"queues"`
	}
	p.until(t, "the console counts the queues through the management API", func() bool {
		found := read[queues](t, p.shell, `curl -s --fail "$CONSOLE_URL/api/queues"`)
		return found.Broker.Reachable && found.Broker.Detail == "" && slices.ContainsFunc(found.Queues, func(q struct {
			Queue     string `json:"queue"`
			Consumers int    `json:"consumers"`
		},
		) bool {
			return q.Queue == "kitchen.order-confirmed" && q.Consumers > 0
		})
	})
	type parts struct {
		Parts []struct {
			Name    string `json:"name"`
			Healthy bool   `json:"healthy"`
			Detail  string `json:"detail"`
		} `json:"parts"`
	}
	p.until(t, "the console finds every part healthy", func() bool {
		found := read[parts](t, p.shell, `curl -s --fail "$CONSOLE_URL/api/parts"`)
		for _, part := range found.Parts {
			if !part.Healthy {
				t.Logf("%s: %s", part.Name, part.Detail)
				return false
			}
		}
		return len(found.Parts) >= 8
	})
}

// redrivenByConsole makes a dead letter and returns it to its queue through the console's API: the letter of this message only.
func redrivenByConsole(t *testing.T, p *system) {
	const queue = "kitchen.ticket-opened"
	p.buy(t, "--failure kitchen.poison")
	id := p.orders[len(p.orders)-1]
	p.orders = p.orders[:len(p.orders)-1] // its failure goes with the message, so it dies again
	type letter struct {
		MessageID      string `json:"messageId"`
		ConversationID string `json:"conversationId"`
		Attempts       int    `json:"attempts"`
		Body           any    `json:"body"`
	}
	var dead letter
	p.until(t, "the console shows the dead letter", func() bool {
		letters := read[[]letter](t, p.shell, `curl -s --fail "$CONSOLE_URL/api/dead/`+queue+`?limit=20"`)
		i := slices.IndexFunc(letters, func(l letter) bool { return l.ConversationID == id })
		if i >= 0 {
			dead = letters[i]
		}
		return i >= 0
	})
	if dead.Body == nil || dead.Attempts < 1 {
		t.Errorf("the letter is %+v", dead)
	}
	sent := read[[]letter](t, p.shell, fmt.Sprintf(`curl -s --fail -X POST "$CONSOLE_URL/api/dead/%s/redrive" -d '{"messageId":"%s"}'`, queue, dead.MessageID))
	if len(sent) != 1 || sent[0].MessageID != dead.MessageID {
		t.Errorf("redriven: %+v", sent)
	}
	p.until(t, "the message is dead again, after more attempts", func() bool {
		letters := read[[]letter](t, p.shell, `curl -s --fail "$CONSOLE_URL/api/dead/`+queue+`?limit=20"`)
		return slices.ContainsFunc(letters, func(l letter) bool { return l.MessageID == dead.MessageID && l.Attempts > dead.Attempts })
	})
	p.run(t, fmt.Sprintf(management, "queues/%2F/"+queue+".dead/contents", "-X DELETE"))
	p.dead(t, queue, 0)
}

// until asks again and again, for a minute at most.
func (p *system) until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for limit := time.Now().Add(time.Minute); !holds(); time.Sleep(500 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("not within a minute: %s", what)
		}
	}
}
