package console

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"traceria/services/console/journeys"
	"traceria/services/host"
)

// filterNames are the parameters of a filter. Those of onceNames may be given once.
var (
	filterNames = []string{
		"state", "customer", "service", "event", "failure", "minMs", "maxMs", "attribute", "q", "since", "until", "id", "source", "commands",
	}
	onceNames = []string{
		"minMs", "maxMs", "q", "since", "until", "sort", "limit", "offset", "topics", "format", "a", "b", "groupA", "groupB", "commands",
	}
)

// parameters returns the parameters of a request's URL. The error names an unknown one and lists those that are allowed.
func parameters(r *http.Request, allowed ...string) (url.Values, error) {
	return parse("query", r.URL.RawQuery, allowed)
}

// mostParameters limits the parameters of one request.
const mostParameters = 1000

// parse reads parameters. field is the place that an unreadable text is reported for.
func parse(field, text string, allowed []string) (url.Values, error) {
	if n := strings.Count(text, "&"); n >= mostParameters {
		return nil, host.Invalid(field, "has %d parameters, want at most %d", n+1, mostParameters)
	}
	values, err := url.ParseQuery(text)
	if err != nil {
		return nil, host.Unreadable(field, "cannot be read; want name=value, joined by &, with ; %% + and & in a value escaped (%%3B %%25 %%2B %%26)")
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if !slices.Contains(allowed, name) {
			return nil, host.Invalid(shown(name), "is no parameter here; %s", listed(allowed))
		}
		if len(values[name]) > 1 && slices.Contains(onceNames, name) {
			return nil, host.Unreadable(name, "is given %d times, want once at most", len(values[name]))
		}
	}
	return values, nil
}

func listed(allowed []string) string {
	if len(allowed) == 0 {
		return "no parameter is allowed"
	}
	return "allowed are " + strings.Join(allowed, ", ")
}

// shown makes a name of the caller short enough for an answer.
func shown(name string) string { return fmt.Sprintf("%.60s", strings.ToValidUTF8(name, "?")) }

// filterOf returns the filter of parameters.
func filterOf(values url.Values) (journeys.Filter, error) {
	f, err := journeys.ParseFilter(values)
	if err != nil {
		return f, host.Invalid("filter", "%v", err)
	}
	return f, nil
}

// number reads a whole number from least to most.
func number(values url.Values, name string, fallback, least, most int) (int, error) {
	text := values.Get(name)
	if text == "" {
		return fallback, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		return 0, host.Invalid(name, "is %.40q, want a whole number from %d to %d", text, least, most)
	}
	return n, nil
}
