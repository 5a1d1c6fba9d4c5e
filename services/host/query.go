package host

import (
	"fmt"
	"net/http"
	"net/url"
)

// Query returns the parameters of a request's URL. A parameter that is given twice or that cannot be read is a 400.
// [url.URL.Query] omits parameters that it cannot read, so that a filter such as ?customerId=a;b would select everything.
func Query(r *http.Request) (url.Values, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, &Problem{
			Status: http.StatusBadRequest, Title: "Unreadable request", Field: "query",
			Detail: "cannot be read; want name=value, joined by &, with ; % + and & in a value escaped (%3B %25 %2B %26)",
		}
	}
	for name, all := range values {
		if len(all) > 1 {
			return nil, &Problem{
				Status: http.StatusBadRequest, Title: "Unreadable request", Field: name,
				Detail: fmt.Sprintf("is given %d times, want once at most", len(all)),
			}
		}
	}
	return values, nil
}
