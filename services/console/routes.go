package console

import (
	"net/http"
	"time"

	"traceria/services/host"
)

// The times of routes that may take longer than others.
const (
	intakeTime = 30 * time.Second
	orderTime  = time.Minute
	gameTime   = 2 * time.Minute
)

// Routes implements host.App.
func (c *console) Routes(r *host.Routes) {
	r.Guard(c.guard)
	c.pageRoutes(r)
	c.journeyRoutes(r)
	c.failureRoutes(r)
	c.systemRoutes(r)
	r.Open("GET /api/about", c.about)
	r.Open("GET /openapi.yaml", openAPI)
	r.Stream("GET /api/events", c.events)
}

// pageRoutes adds the page. Its router shows the view that the address names.
func (c *console) pageRoutes(r *host.Routes) {
	for _, path := range []string{
		"/{$}", "/journeys", "/journeys/{id}", "/journeys/{id}/{view}", "/compare", "/counter", "/failures", "/queues",
		"/queues/{queue}", "/map", "/scenarios", "/scenarios/{name}", "/parts",
	} {
		r.Open("GET "+path, c.page.showShell)
	}
	r.Open("GET /assets/{path...}", c.page.showAsset)
	r.Open("GET /favicon.ico", c.page.showIcon)
}

func (c *console) journeyRoutes(r *host.Routes) {
	r.Open("POST /v1/traces", c.takeTraces(), host.Within(intakeTime))
	r.Open("POST /v1/logs", c.takeLogs(), host.Within(intakeTime))
	r.Open("GET /api/journeys", c.listJourneys)
	r.Open("GET /api/journeys/{id}", c.showJourney)
	r.Open("GET /api/journeys/{id}/spans/{traceId}/{spanId}", c.showSpan)
	r.Open("GET /api/journeys/{id}/export", c.export)
	r.Command("POST /api/files", c.readFile, host.Within(orderTime))

	r.Open("GET /api/compare", c.compare)
	r.Open("GET /api/map", c.showMap)
}

func (c *console) failureRoutes(r *host.Routes) {
	r.Query("GET /api/failures", ours(c.list))
	r.Command("PUT /api/failures/{key}", ours(c.set))
	r.Command("DELETE /api/failures/{key}", ours(c.clear))
	r.Command("DELETE /api/failures", ours(c.clearAll))
	r.Open("GET /api/board", ours(c.showBoard))
	r.Open("GET /api/switches", ours(c.listSwitches))
}

func (c *console) systemRoutes(r *host.Routes) {
	s := c.system
	r.Open("GET /api/menu", needs(s.Counter != nil, "counter", c.menu))
	r.Command("POST /api/orders", needs(s.Counter != nil, "counter", c.placeOrders), host.Within(orderTime))
	r.Open("GET /api/load", needs(s.Counter != nil, "counter", c.showLoad))
	r.Command("PUT /api/load", needs(s.Counter != nil, "counter", c.startLoad))
	r.Command("DELETE /api/load", needs(s.Counter != nil, "counter", c.stopLoad))
	r.Open("GET /api/queues", needs(s.Queues != nil, "queues", c.listQueues))
	r.Open("GET /api/dead/{queue}", needs(s.Queues != nil, "queues", c.listLetters))
	r.Command("POST /api/dead/{queue}/redrive", needs(s.Queues != nil, "queues", c.redrive), host.Within(orderTime))
	scenarios := func(handle host.HandlerFunc) host.HandlerFunc { return needs(s.Scenarios != nil, "scenarios", handle) }
	r.Open("GET /api/scenarios", scenarios(c.listScenarios))
	r.Open("GET /api/scenarios/{name}", scenarios(c.showScenario))
	r.Command("POST /api/scenarios/{name}/run", scenarios(c.runScenario))
	r.Open("GET /api/runs/current", scenarios(c.currentRun))
	r.Command("DELETE /api/runs/current", scenarios(c.cancelRun))
	r.Open("GET /api/mystery", scenarios(c.showMystery))
	r.Command("POST /api/mystery", scenarios(c.startMystery), host.Within(gameTime))
	r.Command("POST /api/mystery/hint", scenarios(c.hint), host.Within(orderTime))
	r.Command("POST /api/mystery/guess", scenarios(c.guess), host.Within(orderTime))
	r.Command("DELETE /api/mystery", scenarios(c.endMystery), host.Within(orderTime))
	r.Open("GET /api/parts", needs(s.Parts != nil, "parts", c.showParts))
}

// needs answers 404 for a part that this console does not have.
func needs(has bool, part string, handle host.HandlerFunc) host.HandlerFunc {
	if has {
		return handle
	}
	return func(http.ResponseWriter, *http.Request) error {
		return host.NotFound("this console does not have the part %q; GET /api/about lists the parts that it has", part)
	}
}
