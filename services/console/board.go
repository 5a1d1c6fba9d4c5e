package console

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"traceria/services/console/journeys"
	"traceria/services/failure"
	"traceria/services/host"
)

// card is a switch on the failure board.
type card struct {
	failure.Entry
	Default string `json:"default"`
	// JaegerURL is the search in Jaeger, or "" where Jaeger can search one service at a time only and the search names none.
	JaegerURL string `json:"jaegerUrl"`
	// Refused says why the switch cannot be set here, or "".
	Refused string           `json:"refused"`
	Active  *failure.Setting `json:"active"`
	// Hits counts the journeys that the failure has hit since it was switched on.
	Hits journeys.Hit `json:"hits"`
}

// showBoard answers GET /api/board.
func (c *console) showBoard(w http.ResponseWriter, r *http.Request) error {
	if _, err := parameters(r); err != nil {
		return err
	}
	board, err := c.board(r.Context())
	if err != nil {
		return err
	}
	return host.WriteJSON(w, http.StatusOK, board)
}

// board returns a card for each switch of the catalogue. It shows no setting without marks: that is the secret of a mystery.
func (c *console) board(ctx context.Context) ([]card, error) {
	all, err := c.Config.Flags.List()
	if err != nil {
		return nil, refusal(err)
	}
	hits := c.store.Hits()
	cards := make([]card, 0, len(all))
	for _, status := range all {
		entry, err := failure.Lookup(status.Key)
		if err != nil {
			return nil, err
		}
		one := card{Entry: entry, Default: entry.Default(), JaegerURL: c.jaegerSearch(entry), Active: status.Active, Hits: hits[string(entry.Key)]}
		if one.Active != nil && one.Active.Unmarked {
			one.Active = nil
		}
		if err := failure.FromContext(ctx).Refuse(entry, entry.First()); err != nil {
			one.Refused = err.Error()
		}
		cards = append(cards, one)
	}
	return cards, nil
}

// searchTag matches name=value in the text of a search. The service and the operation are other parameters of Jaeger's page.
var searchTag = regexp.MustCompile(`([a-z_.-]+)=([^\s,;]+)`)

// jaegerSearch returns the address of Jaeger's search for a failure. Jaeger's page searches one service.
func (c *console) jaegerSearch(entry failure.Entry) string {
	service, tags := "order", map[string]string{}
	for _, found := range searchTag.FindAllStringSubmatch(entry.Search, -1) {
		name, value := found[1], found[2]
		switch {
		case name == "service":
			service = value
		case strings.ToUpper(value) == value && strings.ToLower(value) != value: // ORDER stands for the id of an order
		default:
			tags[name] = value
		}
	}
	if len(tags) == 0 {
		tags["feature_flag.key"] = string(entry.Key)
	}
	text, _ := json.Marshal(tags) // strings cannot fail
	return c.Config.JaegerPublicURL + "/search?" + url.Values{
		"service": {service}, "tags": {string(text)}, "lookback": {"1h"}, "limit": {"20"},
	}.Encode()
}
