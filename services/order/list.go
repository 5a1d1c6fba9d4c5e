package order

import (
	"fmt"
	"net/http"
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
	limit      int
}

// list is the query List Orders: the latest first, of one customer or with one order number if the query says so.
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
	if text := query.Get("orderNumber"); text != "" {
		seq, err := parseNumber(text)
		if err != nil {
			return f, host.Invalid("orderNumber", "got %.40q, want %s", text, err)
		}
		f.seq = seq
	}
	return f, nil
}

// where is the end of the statement, from WHERE on, with its arguments.
func (f filter) where() (clause string, args []any) {
	clause, args = `WHERE (CAST($1 AS TEXT) = '' OR customer_id = $1)`, []any{f.customerID, f.limit}
	if f.seq > 0 {
		clause, args = clause+` AND seq = $3`, append(args, f.seq)
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
