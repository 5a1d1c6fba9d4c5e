package order

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"traceria/services/host"
)

const (
	listDefault = 100
	listMost    = 1000
)

// filter is the query of GET /order.
type filter struct {
	customerID string
	seq        int64 // of the order number, or 0
	from       int64 // of the first order number, or 0
	limit      int
	timeline   bool
}

// list is the query List Orders: the latest first, of one customer or with one order number if the query says so. With from it
// has the orders from that number on, the oldest first, so that a program reads many orders page by page.
func (o *orders) list(w http.ResponseWriter, r *http.Request) error {
	f, err := readFilter(r)
	if err != nil {
		return err
	}
	where, args := f.where()
	found, err := o.views(r.Context(), where, args...)
	if err != nil {
		return err
	}
	if f.timeline {
		if err := o.addTimelines(r.Context(), found, where, args...); err != nil {
			return err
		}
	}
	for i := range found {
		found[i].summary = found[i].linked(r)
		found[i].DeliveryAddress = nil // a list needs none
	}
	return host.WriteJSON(w, http.StatusOK, map[string]any{"orders": found})
}

func readFilter(r *http.Request) (filter, error) {
	query, err := host.Query(r)
	if err != nil {
		return filter{}, err
	}
	f := filter{customerID: query.Get("customerId"), limit: listDefault}
	if f.customerID != "" {
		if err := host.CheckID("customerId", f.customerID); err != nil {
			return f, err
		}
	}
	if text := query.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > listMost {
			return f, host.Invalid("limit", "got %.40q, want a whole number from 1 to %d", text, listMost)
		}
		f.limit = n
	}
	if f.seq, err = numberIn(query, "orderNumber"); err != nil {
		return f, err
	}
	if f.from, err = numberIn(query, "from"); err != nil {
		return f, err
	}
	if f.seq > 0 && f.from > 0 {
		return f, host.Invalid("from", "is given beside orderNumber, want one of them")
	}
	switch text := query.Get("timeline"); text {
	case "", "false":
	case "true":
		f.timeline = true
	default:
		return f, host.Invalid("timeline", "got %.40q, want true or false", text)
	}
	return f, nil
}

// numberIn reads a parameter that is an order number. It returns 0 if there is none.
func numberIn(query url.Values, name string) (seq int64, err error) {
	text := query.Get(name)
	if text == "" {
		return 0, nil
	}
	if seq, err = parseNumber(text); err != nil {
		return 0, host.Invalid(name, "got %.40q, want %s", text, err)
	}
	return seq, nil
}

// where is the end of the statement, from WHERE on, with its arguments.
func (f filter) where() (clause string, args []any) {
	clause, args = `WHERE (CAST($1 AS TEXT) = '' OR customer_id = $1)`, []any{f.customerID, f.limit}
	switch {
	case f.seq > 0:
		clause, args = clause+` AND seq = $3`, append(args, f.seq)
	case f.from > 0:
		return clause + ` AND seq >= $3 ORDER BY seq LIMIT $2`, append(args, f.from)
	}
	return clause + ` ORDER BY seq DESC LIMIT $2`, args
}

const numberPrefix = "ORD"

// number is what people call an order: ORD17.
func number(seq int64) string { return numberPrefix + strconv.FormatInt(seq, 10) }

// parseNumber reads what [number] writes. Its error says what is allowed.
func parseNumber(text string) (seq int64, err error) {
	digits, found := strings.CutPrefix(text, numberPrefix)
	seq, err = strconv.ParseInt(digits, 10, 64)
	if !found || err != nil || seq < 1 || number(seq) != text {
		return 0, fmt.Errorf("%s and a number from 1, such as %s", numberPrefix, number(17))
	}
	return seq, nil
}
