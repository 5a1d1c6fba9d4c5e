package dashboards_test

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// checkLinks follows every data link with the labels of each series that it is shown at.
func (r *run) checkLinks(t *testing.T, answers map[string][]series) {
	followed := map[string]bool{}
	for _, board := range read(t) {
		for _, l := range board.Links {
			if l.Type == "link" {
				r.follow(t, l.URL, followed)
			}
		}
		for _, p := range board.everyPanel() {
			for _, l := range p.links(t) {
				r.followOfSeries(t, l, p, answers[answerKey(board, p, p.Targets[0])], followed)
			}
		}
	}
	for _, a := range readAlerts(t) {
		page := strings.ReplaceAll(a.Annotations["console"], "{{ $externalLabels.console }}", "${console}")
		r.follow(t, regexp.MustCompile(`\{\{.*\}\}`).ReplaceAllString(page, "kitchen.ticket-opened"), followed)
	}
	r.followExemplars(t, followed)
	t.Logf("%d addresses answer", len(followed))
}

// followOfSeries follows the link for every series of the panel's first query.
func (r *run) followOfSeries(t *testing.T, l dataLink, p panel, shown []series, followed map[string]bool) {
	t.Helper()
	if strings.HasPrefix(l.URL, "/d/") {
		r.checkDashboardLink(t, l.URL)
		return
	}
	label := regexp.MustCompile(`\$\{__field\.labels\.(\w+)\}|\$\{__value\.text\}`)
	if !label.MatchString(l.URL) {
		r.follow(t, l.URL, followed)
		return
	}
	if len(shown) == 0 {
		t.Errorf("%s, %s: no series to follow", p.Title, l.Title)
	}
	for _, one := range shown {
		whole := true
		address := label.ReplaceAllStringFunc(l.URL, func(variable string) string {
			name := strings.TrimSuffix(strings.TrimPrefix(variable, "${__field.labels."), "}")
			if variable == "${__value.text}" {
				name = "messaging_destination_subscription_name"
			}
			whole = whole && one.Metric[name] != ""
			return one.Metric[name]
		})
		if _, moved := values([]series{one}); moved == 0 {
			continue // a series that never moved has no trace
		}
		if !whole {
			t.Errorf("%s, %s: a series has not all labels of %s: %v", p.Title, l.Title, l.URL, one.Metric)
			continue
		}
		r.follow(t, address, followed)
	}
}

// checkDashboardLink looks for the dashboard and its variable.
func (r *run) checkDashboardLink(t *testing.T, address string) {
	t.Helper()
	found := regexp.MustCompile(`^/d/([a-z-]+)\?var-(\w+)=`).FindStringSubmatch(address)
	for _, board := range read(t) {
		for _, v := range board.Templating.List {
			if found != nil && board.UID == found[1] && v.Name == found[2] {
				return
			}
		}
	}
	t.Errorf("%s leads to no dashboard with that variable", address)
}

// followExemplars follows the links that the data source gives to a trace id.
func (r *run) followExemplars(t *testing.T, followed map[string]bool) {
	t.Helper()
	found, err := r.exemplars(t.Context(), "traceria_order_delivery_duration_seconds_bucket", r.began, r.ended)
	if err != nil || len(found) == 0 {
		t.Fatalf("no exemplar of an order: %v", err)
	}
	trace := found[len(found)-1].Labels["trace_id"]
	for _, address := range exemplarLinks(t) {
		r.follow(t, strings.ReplaceAll(address, "$${__value.raw}", trace), followed)
	}
}

// follow asks the address for its page, and asks the API below the page whether it has what the page is about.
func (r *run) follow(t *testing.T, address string, followed map[string]bool) {
	t.Helper()
	jaeger, console := "", "http://"+r.Addresses["console"]
	for _, variable := range r.Env {
		if value, found := strings.CutPrefix(variable, "JAEGER_URL="); found {
			jaeger = value
		}
	}
	address = strings.NewReplacer("${console}", console, "${jaeger}", jaeger).Replace(address)
	if followed[address] {
		return
	}
	followed[address] = true
	if status, _ := r.Answer(address); status != 200 {
		t.Errorf("%s answers %d", address, status)
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	api, key := behind(u)
	if api == "" {
		return
	}
	status, body := r.Answer(u.Scheme + "://" + u.Host + api)
	if status != 200 || !strings.Contains(body, key) {
		t.Errorf("%s: %s answers %d and has no %q: %.300s", address, api, status, key, body)
	}
}

// behind returns the path of the API that the page asks, and what its answer must contain.
func behind(u *url.URL) (api, key string) {
	first, rest, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	switch {
	case first == "trace":
		return "/api/v3/traces/" + rest, `"spanId"`
	case first == "search" && u.RawQuery != "":
		asked := u.Query()
		asked.Del("lookback") // the page turns it into start and end
		return "/api/traces?" + asked.Encode(), `"spanID"`
	case first == "journeys" && rest != "":
		return "/api/journeys/" + rest, rest
	case first == "journeys":
		return "/api/journeys", `"root":"POST /order"`
	case first == "failures":
		return "/api/failures", "kitchen.slow"
	case first == "queues":
		return "/api/queues", rest
	case first == "parts":
		return "/api/parts", "order"
	}
	return "", ""
}

// links returns the data links of the panel.
func (p panel) links(t *testing.T) []dataLink {
	t.Helper()
	links := p.FieldConfig.Defaults.Links
	for _, override := range p.FieldConfig.Overrides {
		for _, property := range override.Properties {
			if property.ID != "links" {
				continue
			}
			var more []dataLink
			if err := json.Unmarshal(property.Value, &more); err != nil {
				t.Fatalf("%s: %v", p.Title, err)
			}
			links = append(links, more...)
		}
	}
	return links
}
